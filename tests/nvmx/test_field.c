/* SPDX-License-Identifier: GPL-2.0-only */
/* test_field.c - the table of VMCS fields, against the SDM and against vvmx.c. */
#include "field.h"
#include "fields.h"
#include "random.h"
#include "unit.h"

/* Fields from @first to @last, both included, all that there are in between. */
struct range {
    uint16_t first, last;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* vvmx.c: vmcs_gstate_field[]. */
static const struct range gstate[] = {
    { GUEST_ES_SELECTOR, GUEST_TR_SELECTOR },
    { VMCS_LINK_POINTER, GUEST_PERF_GLOBAL_CTRL },
    { GUEST_ES_LIMIT, GUEST_INTERRUPTIBILITY_INFO },
    { GUEST_SYSENTER_CS, GUEST_SYSENTER_CS },
    { GUEST_PREEMPTION_TIMER, GUEST_PREEMPTION_TIMER },
    { GUEST_ES_BASE, GUEST_DR7 },
    { GUEST_RFLAGS, GUEST_SYSENTER_EIP },
};

/* vvmx.c: vmcs_ro_field[]. */
static const struct range read_only[] = {
    { GUEST_PHYSICAL_ADDRESS, GUEST_PHYSICAL_ADDRESS },
    { VM_INSTRUCTION_ERROR, VMX_INSTRUCTION_INFO },
    { EXIT_QUALIFICATION, EXIT_QUALIFICATION },
    { GUEST_LINEAR_ADDRESS, GUEST_LINEAR_ADDRESS },
};

/* What a function of vvmx.c reads of the vvmcs, and so has to be called again for. */
static const struct {
    uint16_t input;
    uint16_t fields[8];         /* up to the first 0 */
} reads[] = {
    /* nvmx_update_pin_control() */
    { NVMX_INPUT_PIN, { PIN_BASED_VM_EXEC_CONTROL } },
    /* nvmx_update_exec_control(), and the bitmaps that are mapped for it */
    { NVMX_INPUT_CPU, { CPU_BASED_VM_EXEC_CONTROL, IO_BITMAP_A, IO_BITMAP_B, MSR_BITMAP } },
    /* nvmx_update_secondary_exec_control() */
    { NVMX_INPUT_SECONDARY, { SECONDARY_VM_EXEC_CONTROL } },
    /* nvmx_update_exit_control() */
    { NVMX_INPUT_EXIT, { VM_EXIT_CONTROLS } },
    /* nvmx_update_entry_control(), and the MSRs in load_shadow_guest_state() */
    { NVMX_INPUT_ENTRY, { VM_ENTRY_CONTROLS, GUEST_PAT, GUEST_PERF_GLOBAL_CTRL } },
    /* nvmx_update_exception_bitmap() */
    { NVMX_INPUT_EXCEPTION, { EXCEPTION_BITMAP } },
    /* nvmx_update_apic_access_address(), by way of __n2_secondary_exec_control() */
    { NVMX_INPUT_APIC_ACCESS, { APIC_ACCESS_ADDR, CPU_BASED_VM_EXEC_CONTROL,
                                SECONDARY_VM_EXEC_CONTROL } },
    /* nvmx_update_virtual_apic_address() */
    { NVMX_INPUT_VIRTUAL_APIC, { VIRTUAL_APIC_PAGE_ADDR, CPU_BASED_VM_EXEC_CONTROL } },
    /* nvmx_update_tpr_threshold() */
    { NVMX_INPUT_TPR, { TPR_THRESHOLD, CPU_BASED_VM_EXEC_CONTROL } },
    /* load_shadow_cr_values(), load_shadow_cr_masks() */
    { NVMX_INPUT_CR, { GUEST_CR0, GUEST_CR3, GUEST_CR4, CR0_GUEST_HOST_MASK,
                       CR4_GUEST_HOST_MASK, CR0_READ_SHADOW, CR4_READ_SHADOW } },
    /* ... and EFER.LMA, which hvm_set_cr0() looks at */
    { NVMX_INPUT_CR, { VM_ENTRY_CONTROLS } },
    /* nvmx_get_tsc_offset() */
    { NVMX_INPUT_TSC, { TSC_OFFSET, CPU_BASED_VM_EXEC_CONTROL } },
    /* nestedhvm_paging_mode_hap(), nvmx_vcpu_eptp_base() */
    { NVMX_INPUT_EPT, { EPT_POINTER, SECONDARY_VM_EXEC_CONTROL } },
    /* virtual_vmentry(), "nested VPID support" */
    { NVMX_INPUT_VPID, { SECONDARY_VM_EXEC_CONTROL } },
    /* nvmx_load_pdptes() */
    { NVMX_INPUT_PDPTE, { GUEST_PDPTE0, GUEST_PDPTE0 + 2, GUEST_PDPTE0 + 4, GUEST_PDPTE3 } },
    /* nvmx_update_pfec() */
    { NVMX_INPUT_PF, { PAGE_FAULT_ERROR_CODE_MASK, PAGE_FAULT_ERROR_CODE_MATCH } },
};

static bool among(const struct range *ranges, unsigned int count, uint32_t encoding)
{
    unsigned int i;

    for (i = 0; i < count; i++)
        if (encoding >= ranges[i].first && encoding <= ranges[i].last)
            return true;
    return false;
}

static bool in_gstate(uint32_t encoding)
{
    return among(gstate, COUNT(gstate), encoding);
}

static bool in_read_only(uint32_t encoding)
{
    return among(read_only, COUNT(read_only), encoding);
}

static const struct nvmx_field *field_of(uint32_t encoding)
{
    unsigned int i;

    for (i = 0; i < nvmx_nr_fields; i++)
        if (nvmx_fields[i].encoding == encoding)
            return &nvmx_fields[i];
    fail_msg("no field %04x", encoding);
    return NULL;
}

static void encodings_areWellFormed(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++) {
        /* The whole, not its high half; reserved bits 12 and 31:15; an index below 32. */
        assert_int_equal(nvmx_fields[i].encoding & ~(3 << 13 | 3 << 10 | 31 << 1), 0);
    }
}

/* The order of the SDM's appendix: nobody is there twice. */
static void encodings_ascend(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 1; i < nvmx_nr_fields; i++)
        assert_true(nvmx_fields[i - 1].encoding < nvmx_fields[i].encoding);
}

static void position_isOfOneFieldOnly(void **state)
{
    struct nvmx_set seen = { { 0 } };
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++) {
        unsigned int position = nvmx_position(nvmx_fields[i].encoding);

        assert_in_range(position, 0, NVMX_POSITIONS - 1);
        assert_false(nvmx_set_has(&seen, position));
        nvmx_set_add(&seen, position);
    }
    assert_int_equal(nvmx_set_size(&seen), nvmx_nr_fields);
}

/* vvmcs_offset() in vvmx.c. */
static void position_isWidthTypeIndex(void **state)
{
    (void)state;
    assert_int_equal(nvmx_position(GUEST_ES_SELECTOR), 2 << 5);
    assert_int_equal(nvmx_position(TSC_OFFSET), 1 << 7 | 8);
    assert_int_equal(nvmx_position(VM_EXIT_REASON), 2 << 7 | 1 << 5 | 1);
    assert_int_equal(nvmx_position(HOST_RIP), 3 << 7 | 3 << 5 | 11);
}

/* A VMCS begins with its revision identifier and the VMX-abort indicator. */
static void position_isNotThatOfTheHeader(void **state)
{
    unsigned int i;

    (void)state;
    assert_int_equal(nvmx_position(VIRTUAL_PROCESSOR_ID), 0x3f);
    for (i = 0; i < nvmx_nr_fields; i++)
        assert_int_not_equal(nvmx_position(nvmx_fields[i].encoding), 0);
}

static void highHalf_isAtThePositionOfTheWhole(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        assert_int_equal(nvmx_position(nvmx_fields[i].encoding | 1),
                         nvmx_position(nvmx_fields[i].encoding));
}

/* L1 chooses it. */
static void malformedEncoding_hasAPositionInThePage(void **state)
{
    struct random r = { 1 };
    unsigned int i;

    (void)state;
    assert_in_range(nvmx_position(UINT32_MAX), 0, NVMX_POSITIONS - 1);
    for (i = 0; i < 100000; i++)
        assert_in_range(nvmx_position((uint32_t)random_next(&r)), 0, NVMX_POSITIONS - 1);
}

static void width_isThatOfTheEncoding(void **state)
{
    (void)state;
    assert_int_equal(nvmx_field_width(VIRTUAL_PROCESSOR_ID), 2);
    assert_int_equal(nvmx_field_width(HOST_TR_SELECTOR), 2);
    assert_int_equal(nvmx_field_width(VM_EXIT_REASON), 4);
    assert_int_equal(nvmx_field_width(HOST_SYSENTER_CS), 4);
    assert_int_equal(nvmx_field_width(EPT_POINTER), 8);
    assert_int_equal(nvmx_field_width(HOST_PAT), 8);
    assert_int_equal(nvmx_field_width(EXIT_QUALIFICATION), 8);
    assert_int_equal(nvmx_field_width(GUEST_RIP), 8);
}

static void widthOfAHighHalf_isHalfOfTheWhole(void **state)
{
    (void)state;
    assert_int_equal(nvmx_field_width(EPT_POINTER | 1), 4);
    assert_int_equal(nvmx_field_width(GUEST_PHYSICAL_ADDRESS | 1), 4);
}

static void writable_areAllButReadOnlyData(void **state)
{
    (void)state;
    assert_true(nvmx_field_writable(VIRTUAL_PROCESSOR_ID));
    assert_true(nvmx_field_writable(VM_ENTRY_INTR_INFO));
    assert_true(nvmx_field_writable(EPT_POINTER));
    assert_true(nvmx_field_writable(GUEST_CR0));
    assert_true(nvmx_field_writable(HOST_RIP));
    assert_false(nvmx_field_writable(GUEST_PHYSICAL_ADDRESS));
    assert_false(nvmx_field_writable(GUEST_PHYSICAL_ADDRESS | 1));
    assert_false(nvmx_field_writable(VM_INSTRUCTION_ERROR));
    assert_false(nvmx_field_writable(VM_EXIT_REASON));
    assert_false(nvmx_field_writable(EXIT_QUALIFICATION));
}

/* sync_vvmcs_ro() copies all of them, and none that are not. */
static void readOnlyFields_areThoseOfVmcsRoField(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        assert_int_equal(!nvmx_field_writable(nvmx_fields[i].encoding),
                         in_read_only(nvmx_fields[i].encoding));
}

static void assert_known(const struct range *ranges, unsigned int count)
{
    unsigned int i;
    uint32_t encoding;

    for (i = 0; i < count; i++)
        for (encoding = ranges[i].first; encoding <= ranges[i].last; encoding += 2)
            field_of(encoding);
}

static void whatXenSynchronises_isKnown(void **state)
{
    (void)state;
    assert_known(gstate, COUNT(gstate));
    assert_known(read_only, COUNT(read_only));
}

static void atEntry_copiedAreThoseOfVmcsGstateField(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        assert_int_equal(nvmx_fields[i].entry == NVMX_ENTRY_COPY,
                         in_gstate(nvmx_fields[i].encoding));
}

static void atExit_hardwaresAreThoseOfBothLists(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        assert_int_equal(nvmx_fields[i].exit == NVMX_EXIT_HARDWARE,
                         in_gstate(nvmx_fields[i].encoding) ||
                         in_read_only(nvmx_fields[i].encoding));
}

/* load_shadow_guest_state(): vmentry_fields[]; virtual_vmentry(): RIP, RSP. */
static void atEntry_eventsAndRegistersAreXens(void **state)
{
    static const struct range events[] = {
        { VM_ENTRY_INTR_INFO, VM_ENTRY_INSTRUCTION_LEN },
    };
    static const struct range registers[] = { { GUEST_RSP, GUEST_RIP } };
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++) {
        const struct nvmx_field *f = &nvmx_fields[i];

        assert_int_equal(f->entry == NVMX_ENTRY_EVENT, among(events, 1, f->encoding));
        assert_int_equal(f->entry == NVMX_ENTRY_REGISTER, among(registers, 1, f->encoding));
    }
}

/* sync_vvmcs_guest_state(), nvmx_store_pdptes(), load_vvmcs_host_state(). */
static void atExit_xenStoresWhatItStores(void **state)
{
    static const struct range stored[] = {
        { GUEST_PDPTE0, GUEST_PDPTE3 }, { VM_ENTRY_INTR_INFO, VM_ENTRY_INTR_INFO },
        { GUEST_CR4, GUEST_CR4 }, { GUEST_RSP, GUEST_RIP },
    };
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        assert_int_equal(nvmx_fields[i].exit == NVMX_EXIT_XEN,
                         among(stored, COUNT(stored), nvmx_fields[i].encoding));
}

static void atExit_onlyCr3DependsOnItsIntercept(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        assert_int_equal(nvmx_fields[i].exit == NVMX_EXIT_CR3,
                         nvmx_fields[i].encoding == GUEST_CR3);
}

static void whatAFunctionReads_isAnInputOfIt(void **state)
{
    unsigned int i, j;

    (void)state;
    for (i = 0; i < COUNT(reads); i++)
        for (j = 0; j < COUNT(reads[i].fields) && reads[i].fields[j]; j++)
            assert_true(field_of(reads[i].fields[j])->inputs & reads[i].input);
    /* Whose encoding is the list's end. */
    assert_true(field_of(VIRTUAL_PROCESSOR_ID)->inputs & NVMX_INPUT_VPID);
}

static void everyEntryInput_isAnInputOfSomething(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        if (nvmx_fields[i].entry == NVMX_ENTRY_INPUT)
            assert_int_not_equal(nvmx_fields[i].inputs, 0);
}

static void othersAreInputs_onlyIfTheyAreCopiedAsWell(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        if (nvmx_fields[i].entry != NVMX_ENTRY_INPUT && nvmx_fields[i].entry != NVMX_ENTRY_COPY)
            assert_int_equal(nvmx_fields[i].inputs, 0);
}

static void inputs_areAllThereAre(void **state)
{
    unsigned int i;
    uint32_t inputs = 0;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        inputs |= nvmx_fields[i].inputs;
    assert_int_equal(inputs, NVMX_INPUT_ALL);
}

/* The activity state is "handled specially": not at all.  L1's state is read in the vvmcs. */
static void activityStateAndHostState_areLeftAlone(void **state)
{
    unsigned int i;

    (void)state;
    assert_int_equal(field_of(GUEST_ACTIVITY_STATE)->entry, NVMX_ENTRY_NOTHING);
    assert_int_equal(field_of(GUEST_ACTIVITY_STATE)->exit, NVMX_EXIT_NOTHING);
    for (i = 0; i < nvmx_nr_fields; i++)
        if ((nvmx_fields[i].encoding >> 10 & 3) == 3) {
            assert_int_equal(nvmx_fields[i].entry, NVMX_ENTRY_NOTHING);
            assert_int_equal(nvmx_fields[i].exit, NVMX_EXIT_NOTHING);
        }
}

static void byPosition_isTheTable(void **state)
{
    struct nvmx_table table;
    unsigned int i;

    (void)state;
    memset(&table, 0xff, sizeof(table));
    nvmx_table_init(&table);
    for (i = 0; i < nvmx_nr_fields; i++) {
        const struct nvmx_field *f = &nvmx_fields[i];
        unsigned int p = nvmx_position(f->encoding);

        assert_true(nvmx_set_has(&table.known, p));
        assert_int_equal(table.encoding[p], f->encoding);
        assert_int_equal(table.inputs[p], f->inputs);
        assert_int_equal(nvmx_set_has(&table.copy, p), f->entry == NVMX_ENTRY_COPY);
        assert_int_equal(nvmx_set_has(&table.input, p), f->inputs != 0);
        assert_int_equal(nvmx_set_has(&table.hardware, p), f->exit == NVMX_EXIT_HARDWARE);
    }
}

static void byPosition_nothingElseIsKnown(void **state)
{
    struct nvmx_table table;
    unsigned int p;

    (void)state;
    memset(&table, 0xff, sizeof(table));
    nvmx_table_init(&table);
    assert_int_equal(nvmx_set_size(&table.known), nvmx_nr_fields);
    for (p = 0; p < NVMX_POSITIONS; p++) {
        if (nvmx_set_has(&table.known, p))
            continue;
        assert_int_equal(table.encoding[p], 0);
        assert_int_equal(table.inputs[p], 0);
        assert_false(nvmx_set_has(&table.copy, p));
        assert_false(nvmx_set_has(&table.input, p));
        assert_false(nvmx_set_has(&table.hardware, p));
    }
}

static void set_hasWhatWasAdded_untilItIsRemoved(void **state)
{
    struct nvmx_set set = { { 0 } };
    unsigned int p;

    (void)state;
    for (p = 0; p < NVMX_POSITIONS; p++) {
        assert_false(nvmx_set_has(&set, p));
        nvmx_set_add(&set, p);
        assert_true(nvmx_set_has(&set, p));
        assert_int_equal(nvmx_set_size(&set), p + 1);
    }
    for (p = 0; p < NVMX_POSITIONS; p++) {
        nvmx_set_remove(&set, p);
        assert_false(nvmx_set_has(&set, p));
        assert_int_equal(nvmx_set_size(&set), NVMX_POSITIONS - 1 - p);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings_areWellFormed),
        cmocka_unit_test(encodings_ascend),
        cmocka_unit_test(position_isOfOneFieldOnly),
        cmocka_unit_test(position_isWidthTypeIndex),
        cmocka_unit_test(position_isNotThatOfTheHeader),
        cmocka_unit_test(highHalf_isAtThePositionOfTheWhole),
        cmocka_unit_test(malformedEncoding_hasAPositionInThePage),
        cmocka_unit_test(width_isThatOfTheEncoding),
        cmocka_unit_test(widthOfAHighHalf_isHalfOfTheWhole),
        cmocka_unit_test(writable_areAllButReadOnlyData),
        cmocka_unit_test(readOnlyFields_areThoseOfVmcsRoField),
        cmocka_unit_test(whatXenSynchronises_isKnown),
        cmocka_unit_test(atEntry_copiedAreThoseOfVmcsGstateField),
        cmocka_unit_test(atExit_hardwaresAreThoseOfBothLists),
        cmocka_unit_test(atEntry_eventsAndRegistersAreXens),
        cmocka_unit_test(atExit_xenStoresWhatItStores),
        cmocka_unit_test(atExit_onlyCr3DependsOnItsIntercept),
        cmocka_unit_test(whatAFunctionReads_isAnInputOfIt),
        cmocka_unit_test(everyEntryInput_isAnInputOfSomething),
        cmocka_unit_test(othersAreInputs_onlyIfTheyAreCopiedAsWell),
        cmocka_unit_test(inputs_areAllThereAre),
        cmocka_unit_test(activityStateAndHostState_areLeftAlone),
        cmocka_unit_test(byPosition_isTheTable),
        cmocka_unit_test(byPosition_nothingElseIsKnown),
        cmocka_unit_test(set_hasWhatWasAdded_untilItIsRemoved),
    };

    return unit_report("field", COUNT(tests),
                       cmocka_run_group_tests_name("field", tests, NULL, NULL));
}
