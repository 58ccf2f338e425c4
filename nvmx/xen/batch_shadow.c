/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch_shadow.c - the vvmcs of a processor with VMCS shadowing, kept in
 * memory of Xen's.
 *
 * Stock Xen makes the shadow VMCS current for each field it wants, and clears
 * it behind that.  Here that is done once for all of a virtual entry (what L1
 * has written is gathered), and once for all of a virtual exit (what L1 will
 * read without an exit is written back).  VMCLEAR comes before L1 runs only:
 * the processor need not see for L1 what VMWRITE of ours has left in it (SDM
 * vol. 3, "Software Use of Virtual-Machine Control Structures").
 */
#include <xen/domain_page.h>

#include <asm/hvm/nestedhvm.h>

#include "batch.h"
#include "internal.h"

int nvmx_batch_shadow_initialise(struct nvmx_batch *batch)
{
    unsigned int error = nvmx_position(VM_INSTRUCTION_ERROR);

    batch->shadow = xzalloc(struct nvmx_batch_shadow);
    if ( !batch->shadow )
        return -ENOMEM;

    /*
     * The processor writes it when an access of L1's fails that does not exit.
     */
    nvmx_set_add(&batch->shadow->hot.pass[NVMX_READ], error);
    nvmx_set_add(&batch->shadow->hot.pass[NVMX_WRITE], error);
    nvmx_sync_pin(&batch->sync, error);

    return 0;
}

/* ---- Which accesses exit. ---- */

/*
 * Their VMWRITE does more than to write the field: see nvmx_vcpu_initialise().
 */
static bool always_exits(uint32_t encoding, enum nvmx_access access)
{
    return access == NVMX_WRITE &&
           (encoding == IO_BITMAP_A || encoding == IO_BITMAP_B ||
            encoding == MSR_BITMAP);
}

/*
 * And this one Xen reads before a virtual entry is certain: to gather for that,
 * and return to vmcs01, would cost each entry more than it costs the few that
 * write it to exit (KVM: around an interrupt window).
 */
static bool never_passes(uint32_t encoding, enum nvmx_access access)
{
    return always_exits(encoding, access) ||
           (access == NVMX_WRITE && encoding == CPU_BASED_VM_EXEC_CONTROL);
}

static bool has_halves(uint32_t encoding)
{
    return (encoding >> 13 & 3) == 1;
}

static void trap(unsigned long *bitmap, uint32_t encoding, bool exits,
                 bool high_exits)
{
    if ( exits )
        __set_bit(encoding, bitmap);
    else
        __clear_bit(encoding, bitmap);

    if ( !has_halves(encoding) )
        return;

    if ( high_exits )
        __set_bit(VMCS_HIGH(encoding), bitmap);
    else
        __clear_bit(VMCS_HIGH(encoding), bitmap);
}

static struct page_info *bitmap_of(const struct vcpu *v,
                                   enum nvmx_access access)
{
    return access == NVMX_WRITE ? v->arch.hvm.vmx.vmwrite_bitmap
                                : v->arch.hvm.vmx.vmread_bitmap;
}

/* High halves are for 32-bit hypervisors: not worth a second look. */
static void set_traps(const struct vcpu *v,
                      const struct nvmx_batch_shadow *shadow,
                      enum nvmx_access access, bool ours)
{
    unsigned long *bitmap = __map_domain_page(bitmap_of(v, access));
    unsigned int p;

    for ( p = 0; p < NVMX_POSITIONS; p++ )
    {
        uint32_t encoding = nvmx_batch_table->encoding[p];
        bool always = always_exits(encoding, access);

        if ( nvmx_set_has(&shadow->supported, p) )
            trap(bitmap, encoding,
                 always || (ours && !nvmx_set_has(&shadow->hot.pass[access], p)),
                 always || ours);
    }

    unmap_domain_page(bitmap);
}

static void pass(const struct vcpu *v, uint32_t encoding,
                 enum nvmx_access access)
{
    unsigned long *bitmap = __map_domain_page(bitmap_of(v, access));

    __clear_bit(encoding, bitmap);
    unmap_domain_page(bitmap);
}

static bool keeps(const struct vcpu *v, const struct nvmx_batch *batch,
                  uint32_t encoding)
{
    unsigned int position = nvmx_position(encoding);

    return batch && batch->shadow && batch->shadow->kept && vvmcx_valid(v) &&
           nvmx_set_has(&batch->shadow->supported, position) &&
           (encoding & ~VMCS_HIGH(0)) == nvmx_batch_table->encoding[position] &&
           (!(encoding & VMCS_HIGH(0)) || has_halves(encoding));
}

/*
 * One that L1 writes without an exit is fetched at each virtual exit, too: L1
 * may write the value it has already, and mean it.
 */
void nvmx_batch_shadow_exited(struct vcpu *v, struct nvmx_batch *batch,
                              uint32_t encoding, enum nvmx_access access)
{
    unsigned int position = nvmx_position(encoding);

    if ( !keeps(v, batch, encoding) ||
         never_passes(encoding & ~VMCS_HIGH(0), access) ||
         !nvmx_hot_exited(&batch->shadow->hot, position, access) )
        return;

    nvmx_sync_pin(&batch->sync, position);
    batch->shadow->writes_listed = false;
    pass(v, nvmx_batch_table->encoding[position], access);
    nvmx_verify_exits_changed(v);
}

/* ---- The shadow VMCS, current for a moment. ---- */

static void load(const struct vcpu *v, struct nvmx_batch_shadow *shadow)
{
    __vmptrld(v->arch.hvm.vmx.vmcs_shadow_maddr);
    shadow->active = true;
}

static always_inline void clear(const struct vcpu *v,
                                struct nvmx_batch_shadow *shadow)
{
    __vmpclear(v->arch.hvm.vmx.vmcs_shadow_maddr);
    shadow->active = false;
}

static void reload(const struct vcpu *v)
{
    __vmptrld(v->arch.hvm.vmx.vmcs_pa);
}

/*
 * A VMREAD that fails leaves its error number in the VMCS, this one: it is
 * read first, and put back.
 */
static void read_all(struct nvmx_batch_shadow *shadow)
{
    unsigned int p, at = nvmx_position(VM_INSTRUCTION_ERROR);
    unsigned long value, error;

    __vmread(VM_INSTRUCTION_ERROR, &error);

    for ( p = 0; p < NVMX_POSITIONS; p++ )
        if ( nvmx_set_has(&nvmx_batch_table->known, p) &&
             !vmread_safe(nvmx_batch_table->encoding[p], &value) )
        {
            nvmx_set_add(&shadow->supported, p);
            shadow->field[p] = value;
        }

    shadow->field[at] = error;
    nvmx_hot_changed(&shadow->hot, at);
}

static void keep(struct vcpu *v, struct nvmx_batch_shadow *shadow)
{
    load(v, shadow);
    nvmx_hot_start(&shadow->hot);
    read_all(shadow);
    set_traps(v, shadow, NVMX_READ, true);
    set_traps(v, shadow, NVMX_WRITE, true);
    shadow->trapping = shadow->kept = shadow->gathered = true;
}

static void list_writes(struct nvmx_batch_shadow *shadow)
{
    unsigned int p;

    shadow->writes.nr = 0;
    for ( p = 0; p < NVMX_POSITIONS; p++ )
        if ( nvmx_set_has(&shadow->hot.pass[NVMX_WRITE], p) )
            nvmx_batch_list_add(&shadow->writes, nvmx_batch_table->encoding[p],
                                p);
    shadow->writes_listed = true;
}

/*
 * Hot fields were written before L1 ran, so a difference is of L1's making.
 * But one that has just become hot may still be ahead: then L1 cannot have
 * written it without an exit yet.
 */
static void gather(const struct vcpu *v, struct nvmx_batch *batch)
{
    struct nvmx_batch_shadow *shadow = batch->shadow;
    unsigned int i, position;
    unsigned long value;

    if ( unlikely(!shadow->writes_listed) )
        list_writes(shadow);

    load(v, shadow);
    for ( i = 0; i < shadow->writes.nr; i++ )
    {
        __vmread(shadow->writes.field[i].encoding, &value);
        position = shadow->writes.field[i].position;
        if ( value == shadow->field[position] ||
             nvmx_set_has(&shadow->hot.ahead, position) )
            continue;

        shadow->field[position] = value;
        nvmx_sync_written(&batch->sync, position);
    }

    shadow->gathered = true;
}

bool nvmx_batch_shadow_gather(struct vcpu *v, struct nvmx_batch *batch)
{
    if ( !batch->shadow->kept )
        return false;

    if ( !batch->shadow->gathered )
    {
        gather(v, batch);
        reload(v);
    }

    return true;
}

static always_inline void write(const struct vcpu *v,
                                struct nvmx_batch_shadow *shadow,
                                const struct nvmx_set *plan)
{
    const uint16_t *encoding = nvmx_batch_table->encoding;
    const uint64_t *field = shadow->field;
    unsigned int i;
    uint64_t word;

    load(v, shadow);
    for ( i = 0; i < NVMX_SET_WORDS; i++, encoding += 64, field += 64 )
        for ( word = plan->word[i]; word; word &= word - 1 )
        {
            unsigned int p = __builtin_ctzl(word);

            __vmwrite(encoding[p], field[p]);
        }

    nvmx_hot_written(&shadow->hot, plan);
}

void nvmx_batch_shadow_prepare(struct vcpu *v, struct nvmx_batch *batch)
{
    struct nvmx_batch_shadow *shadow = batch->shadow;

    if ( !shadow )
        return;

    if ( unlikely(!shadow->kept) )
        keep(v, shadow);
    else if ( !shadow->gathered )
        gather(v, batch);
    nvmx_hot_entered(&shadow->hot);
}

void nvmx_batch_shadow_write_back(struct vcpu *v, struct nvmx_batch *batch)
{
    struct nvmx_batch_shadow *shadow = batch->shadow;
    struct nvmx_set plan;

    if ( !shadow )
        return;

    if ( nvmx_plan_hot(&shadow->hot, &plan) )
        write(v, shadow, &plan);
    if ( shadow->active )
        clear(v, shadow);
}

/* Before L1 runs on: its reads find what they should. */
static void go_on(struct vcpu *v, struct nvmx_batch *batch)
{
    bool active;

    if ( !batch->shadow || !batch->shadow->kept )
        return;

    active = batch->shadow->active || batch->shadow->hot.changed;
    if ( active )
    {
        nvmx_batch_shadow_write_back(v, batch);
        reload(v);
    }
    batch->shadow->gathered = false;
}

bool nvmx_batch_before_l1(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !batch || nestedhvm_vcpu_in_guestmode(v) ||
         vcpu_nestedhvm(v).nv_vmentry_pending )
        return false;

    batch->l1_ran = true;
    batch->l1_runs++;
    if ( unlikely(batch->due) )
        nvmx_batch_load_l1(v);
    go_on(v, batch);

    return batch->entered;
}

void nvmx_batch_shadow_complete(struct vcpu *v, struct nvmx_batch *batch)
{
    struct nvmx_batch_shadow *shadow = batch->shadow;
    struct nvmx_set plan;

    if ( !shadow || !shadow->kept || !vvmcx_valid(v) )
        return;

    if ( !shadow->gathered )
        gather(v, batch);
    if ( nvmx_plan_ahead(&shadow->hot, &plan) )
        write(v, shadow, &plan);
    if ( shadow->active )
        clear(v, shadow);
    reload(v);
}

void nvmx_batch_shadow_release(struct vcpu *v, struct nvmx_batch *batch)
{
    struct nvmx_batch_shadow *shadow = batch->shadow;

    if ( !shadow )
        return;

    if ( shadow->trapping )
    {
        set_traps(v, shadow, NVMX_READ, false);
        set_traps(v, shadow, NVMX_WRITE, false);
    }
    shadow->trapping = shadow->kept = shadow->active = false;
}

/* ---- For get_vvmcs_real() and its kin. ---- */

/* @v is current, or its vvmcs was completed when it left its CPU. */
static void gather_now(const struct vcpu *v, struct nvmx_batch *batch,
                       uint32_t encoding)
{
    struct nvmx_batch_shadow *shadow = batch->shadow;

    if ( shadow->gathered ||
         !nvmx_set_has(&shadow->hot.pass[NVMX_WRITE], nvmx_position(encoding)) )
        return;

    gather(v, batch);
    reload(v);
}

bool nvmx_batch_get_kept(const struct vcpu *v, uint32_t encoding,
                         uint64_t *value)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !keeps(v, batch, encoding) )
        return false;

    gather_now(v, batch, encoding);
    *value = batch->shadow->field[nvmx_position(encoding)];
    if ( unlikely(encoding & VMCS_HIGH(0)) )
        *value >>= 32;

    return true;
}

bool nvmx_batch_set_kept(const struct vcpu *v, uint32_t encoding,
                         uint64_t value)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !keeps(v, batch, encoding) )
        return false;

    gather_now(v, batch, encoding);
    set_vvmcs_virtual(batch->shadow->field, encoding, value);
    nvmx_hot_changed(&batch->shadow->hot, nvmx_position(encoding));

    return true;
}

bool nvmx_batch_is_plain(const struct vcpu *v, uint32_t encoding)
{
    return !cpu_has_vmx_vmcs_shadowing || keeps(v, nvmx_batch_of(v), encoding);
}

bool nvmx_batch_keeps(const struct vcpu *v)
{
    const struct nvmx_batch *batch = nvmx_batch_of(v);

    return batch && batch->shadow && batch->shadow->kept && vvmcx_valid(v);
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
