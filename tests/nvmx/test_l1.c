/* SPDX-License-Identifier: GPL-2.0-only */
/* test_l1.c - the table of l1.h, against vvmx.c, vmx.c and the SDM. */
#include "fields.h"
#include "l1.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* vvmx.c: nvmx_h2g_field[]. */
static const struct {
    enum nvmx_l1 which;
    uint16_t host, guest;
} loaded[] = {
    { NVMX_L1_ES_SELECTOR, HOST_ES_SELECTOR, GUEST_ES_SELECTOR },
    { NVMX_L1_CS_SELECTOR, HOST_CS_SELECTOR, GUEST_CS_SELECTOR },
    { NVMX_L1_SS_SELECTOR, HOST_SS_SELECTOR, GUEST_SS_SELECTOR },
    { NVMX_L1_DS_SELECTOR, HOST_DS_SELECTOR, GUEST_DS_SELECTOR },
    { NVMX_L1_FS_SELECTOR, HOST_FS_SELECTOR, GUEST_FS_SELECTOR },
    { NVMX_L1_GS_SELECTOR, HOST_GS_SELECTOR, GUEST_GS_SELECTOR },
    { NVMX_L1_TR_SELECTOR, HOST_TR_SELECTOR, GUEST_TR_SELECTOR },
    { NVMX_L1_SYSENTER_CS, HOST_SYSENTER_CS, GUEST_SYSENTER_CS },
    { NVMX_L1_FS_BASE, HOST_FS_BASE, GUEST_FS_BASE },
    { NVMX_L1_GS_BASE, HOST_GS_BASE, GUEST_GS_BASE },
    { NVMX_L1_TR_BASE, HOST_TR_BASE, GUEST_TR_BASE },
    { NVMX_L1_GDTR_BASE, HOST_GDTR_BASE, GUEST_GDTR_BASE },
    { NVMX_L1_IDTR_BASE, HOST_IDTR_BASE, GUEST_IDTR_BASE },
    { NVMX_L1_SYSENTER_ESP, HOST_SYSENTER_ESP, GUEST_SYSENTER_ESP },
    { NVMX_L1_SYSENTER_EIP, HOST_SYSENTER_EIP, GUEST_SYSENTER_EIP },
};

/* Host state that the exit does more with than to copy it, or nothing. */
static const uint16_t not_copied[] = {
    HOST_PAT, HOST_EFER, HOST_PERF_GLOBAL_CTRL, HOST_CR0, HOST_CR3, HOST_CR4, HOST_RSP, HOST_RIP,
};

static const struct {
    enum nvmx_l1 which;
    uint16_t guest;
} left_alone[] = {
    { NVMX_L1_CS_AR_BYTES, GUEST_CS_AR_BYTES },
    { NVMX_L1_SS_AR_BYTES, GUEST_SS_AR_BYTES },
    { NVMX_L1_INTERRUPTIBILITY_INFO, GUEST_INTERRUPTIBILITY_INFO },
    { NVMX_L1_DR7, GUEST_DR7 },
    { NVMX_L1_GDTR_LIMIT, GUEST_GDTR_LIMIT },
    { NVMX_L1_DEBUGCTL, GUEST_IA32_DEBUGCTL },
};

/* Of an encoding, bits 11:10. */
enum { GUEST_STATE = 2, HOST_STATE = 3 };

static unsigned int type_of(uint16_t encoding)
{
    return encoding >> 10 & 3;
}

static unsigned int rows_from(uint16_t host)
{
    unsigned int i, n = 0;

    for (i = 0; i < NVMX_L1_LOADED; i++)
        n += nvmx_l1_fields[i].host == host;
    return n;
}

static bool is_copied(uint16_t host)
{
    unsigned int i;

    for (i = 0; i < COUNT(not_copied); i++)
        if (not_copied[i] == host)
            return false;
    return true;
}

static void everyHostField_isLoaded_orSaidNotToBe(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < nvmx_nr_fields; i++)
        if (type_of(nvmx_fields[i].encoding) == HOST_STATE)
            assert_int_equal(rows_from(nvmx_fields[i].encoding),
                             is_copied(nvmx_fields[i].encoding));
}

static void loaded_isTheGuestsFieldOfThatName(void **state)
{
    unsigned int i;

    (void)state;
    assert_int_equal(COUNT(loaded), NVMX_L1_LOADED);
    for (i = 0; i < COUNT(loaded); i++) {
        const struct nvmx_l1_field *field = &nvmx_l1_fields[loaded[i].which];

        assert_true(loaded[i].which < NVMX_L1_LOADED);
        assert_int_equal(field->host, loaded[i].host);
        assert_int_equal(field->guest, loaded[i].guest);
    }
}

static void leftAlone_isNotLoaded(void **state)
{
    unsigned int i, j;

    (void)state;
    assert_int_equal(COUNT(left_alone), NVMX_L1_FIELDS - NVMX_L1_LOADED);
    for (i = 0; i < COUNT(left_alone); i++) {
        assert_true(left_alone[i].which >= NVMX_L1_LOADED);
        assert_int_equal(nvmx_l1_fields[left_alone[i].which].guest, left_alone[i].guest);
        assert_int_equal(nvmx_l1_fields[left_alone[i].which].host, 0);
        for (j = 0; j < NVMX_L1_LOADED; j++)
            assert_int_not_equal(nvmx_l1_fields[j].guest, left_alone[i].guest);
    }
}

static void everyField_isGuestState(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < NVMX_L1_FIELDS; i++)
        assert_int_equal(type_of(nvmx_l1_fields[i].guest), GUEST_STATE);
}

/* SDM vol. 4: MSRs are below 0x2000, or as far behind 0xc0000000. */
static uint32_t next_msr(uint32_t msr)
{
    return msr == 0x1fff ? 0xc0000000 : msr + 1;
}

static bool expected_field(uint32_t msr, enum nvmx_l1 *field)
{
    switch (msr) {
    case 0x1d9:
        *field = NVMX_L1_DEBUGCTL;
        return true;
    case 0xc0000100:
        *field = NVMX_L1_FS_BASE;
        return true;
    case 0xc0000101:
        *field = NVMX_L1_GS_BASE;
        return true;
    default:
        return false;
    }
}

static void threeMsrs_areFields_noOtherIs(void **state)
{
    uint32_t msr;

    (void)state;
    for (msr = 0; msr <= 0xc0001fff; msr = next_msr(msr)) {
        enum nvmx_l1 field = NVMX_L1_FIELDS, expected = NVMX_L1_FIELDS;
        bool known = expected_field(msr, &expected);

        assert_int_equal(nvmx_l1_msr(msr, &field), known);
        assert_int_equal(field, expected);
    }
}

/* A narrower field would be less than RDMSR reads. */
static void fieldOfAnMsr_has64Bits(void **state)
{
    uint32_t msr;
    enum nvmx_l1 field;

    (void)state;
    for (msr = 0; msr <= 0xc0001fff; msr = next_msr(msr))
        if (nvmx_l1_msr(msr, &field))
            assert_int_equal(nvmx_field_width(nvmx_l1_fields[field].guest), 8);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyHostField_isLoaded_orSaidNotToBe),
        cmocka_unit_test(loaded_isTheGuestsFieldOfThatName),
        cmocka_unit_test(leftAlone_isNotLoaded),
        cmocka_unit_test(everyField_isGuestState),
        cmocka_unit_test(threeMsrs_areFields_noOtherIs),
        cmocka_unit_test(fieldOfAnMsr_has64Bits),
    };

    return unit_report("l1", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("l1", tests, NULL, NULL));
}
