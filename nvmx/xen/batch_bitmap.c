/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch_bitmap.c - L1's bitmaps, which it may change in memory at any time,
 * merged into those of vmcs02.
 *
 * The MSR bitmap that L2 runs with is Xen's OR L1's.  Where Xen intercepts all
 * the MSRs of a word, the result is all ones, whatever L1's has there.  Only
 * the other words can ever change with L1's, and there are few: Xen lets a
 * guest have some ten MSRs.  So merging these is as exact as merging all 512.
 * Which they are, is found out again after every change of Xen's own bitmap
 * (nvmx_batch_msr_bitmap_changed()).
 *
 * Of the I/O bitmaps stock Xen looks at two ports only.
 */
#include <asm/hvm/nestedhvm.h>
#include <asm/msr-index.h>

#include "batch.h"

enum {
    BITMAP_WORDS = PAGE_SIZE / sizeof(uint64_t),
    /* Of MSRs 0 to 0x1fff: struct vmx_msr_bitmap's read_low and write_low. */
    READ_LOW = 0,
    WRITE_LOW = BITMAP_WORDS / 2,
    /* update_msrbitmap() makes all of the x2APIC's exit. */
    X2APIC_WORD = MSR_X2APIC_FIRST / 64,
    X2APIC_WORDS = 0x100 / 64,
};

static bool of_x2apic(unsigned int word)
{
    return word - (READ_LOW + X2APIC_WORD) < X2APIC_WORDS ||
           word - (WRITE_LOW + X2APIC_WORD) < X2APIC_WORDS;
}

/* False where there are too many. */
static bool find_msr_words(struct nvmx_batch *batch, const uint64_t *host)
{
    unsigned int word;

    batch->nr_msr_words = 0;
    for ( word = 0; word < BITMAP_WORDS; word++ )
    {
        if ( !~host[word] || of_x2apic(word) )
            continue;
        if ( batch->nr_msr_words == NVMX_BATCH_MSR_WORDS )
            return false;
        batch->msr_word[batch->nr_msr_words++] = word;
    }

    return true;
}

static void merge_words(const struct nvmx_batch *batch, uint64_t *merged,
                        const uint64_t *host, const uint64_t *l1)
{
    unsigned int i;

    for ( i = 0; i < batch->nr_msr_words; i++ )
    {
        unsigned int word = batch->msr_word[i];

        merged[word] = host[word] | ACCESS_ONCE(l1[word]);
    }
}

static void merge_all(uint64_t *merged, const uint64_t *host,
                      const uint64_t *l1)
{
    unsigned int word;

    for ( word = 0; word < BITMAP_WORDS; word++ )
        merged[word] = of_x2apic(word) ? ~0UL
                                       : host[word] | ACCESS_ONCE(l1[word]);
}

/*
 * The flag goes first: who changes Xen's bitmap, perhaps from another
 * processor and with this vCPU paused, raises it afterwards.
 */
static void merge_msrs(struct vcpu *v, struct nvmx_batch *batch)
{
    struct nestedvmx *nvmx = &vcpu_2_nvmx(v);
    const uint64_t *host = (const void *)v->arch.hvm.vmx.msr_bitmap;
    const uint64_t *l1 = (const void *)nvmx->msrbitmap;
    uint64_t *merged = (void *)nvmx->msr_merged;

    if ( likely(batch->msr_words_known) )
    {
        merge_words(batch, merged, host, l1);
        return;
    }

    batch->msr_words_known = true;
    if ( !find_msr_words(batch, host) )
        batch->msr_words_known = false;
    merge_all(merged, host, l1);
}

/* As nvmx_update_exec_control() chooses them. */
static void choose_io_bitmap(struct vcpu *v, struct nvmx_batch *batch)
{
    const void *bitmap = _shadow_io_bitmap(v);

    if ( bitmap == batch->io_bitmap )
        return;

    batch->io_bitmap = bitmap;
    __vmwrite(IO_BITMAP_A, virt_to_maddr(bitmap));
    __vmwrite(IO_BITMAP_B, virt_to_maddr(bitmap) + PAGE_SIZE);
}

bool nvmx_batch_merge_msr_bitmap(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !batch || !batch->entered )
        return false;

    merge_msrs(v, batch);

    return true;
}

void nvmx_batch_msr_bitmap_changed(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( batch )
        ACCESS_ONCE(batch->msr_words_known) = false;
}

void nvmx_batch_io_bitmap_chosen(struct vcpu *v, const void *bitmap)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( batch )
        batch->io_bitmap = bitmap;
}

void nvmx_batch_merge_bitmaps(struct vcpu *v, struct nvmx_batch *batch)
{
    const struct nestedvmx *nvmx = &vcpu_2_nvmx(v);
    uint32_t controls = nvmx_batch_get(batch, CPU_BASED_VM_EXEC_CONTROL);

    if ( (controls & CPU_BASED_ACTIVATE_MSR_BITMAP) && nvmx->msrbitmap )
        merge_msrs(v, batch);

    if ( controls & CPU_BASED_ACTIVATE_IO_BITMAP )
        choose_io_bitmap(v, batch);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
