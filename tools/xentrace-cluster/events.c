/* SPDX-License-Identifier: GPL-2.0-only */
#include "events.h"

enum { WORD = sizeof(uint32_t) };

/* Where the words of a payload are, from cluster_trace.h's structures. */
#define WORD_OF(type, member) (offsetof(struct type, member) / WORD)

static uint64_t word_pair(const uint32_t *words)
{
    return words[0] | (uint64_t)words[1] << 32;
}

static unsigned int payload_words(uint32_t event)
{
    switch (event) {
    case NVMX_TRC_CLUSTER_FORMED:    return sizeof(struct nvmx_trc_formed) / WORD;
    case NVMX_TRC_CLUSTER_CODE:      return sizeof(struct nvmx_trc_code) / WORD;
    case NVMX_TRC_CLUSTER_EXECUTED:  return sizeof(struct nvmx_trc_executed) / WORD;
    case NVMX_TRC_CLUSTER_STOPPED:   return sizeof(struct nvmx_trc_stopped) / WORD;
    case NVMX_TRC_CLUSTER_DISCARDED: return sizeof(struct nvmx_trc_discarded) / WORD;
    case NVMX_TRC_CLUSTER_SEGMENT:   return sizeof(struct nvmx_trc_segment) / WORD;
    case NVMX_TRC_CLUSTER_PIECE:     return sizeof(struct nvmx_trc_piece) / WORD;
    case NVMX_TRC_CLUSTER_MISMATCH:  return sizeof(struct nvmx_trc_mismatch) / WORD;
    case NVMX_TRC_CLUSTER_VALUES:    return sizeof(struct nvmx_trc_values) / WORD;
    case NVMX_TRC_CLUSTER_BATCH:     return sizeof(struct nvmx_trc_batch) / WORD;
    }
    return 0;
}

static enum event_kind decode_formed(const uint32_t *words, struct event *event)
{
    uint32_t shape = words[WORD_OF(nvmx_trc_formed, shape)];

    event->formed.insns = shape & 0xff;
    event->formed.exiting = (shape >> 8) & 0xff;
    event->formed.bytes = shape >> 16;
    if (!event->formed.bytes || event->formed.bytes > CLUSTER_MAX_BYTES)
        return EVENT_MALFORMED;
    if (event->formed.exiting > event->formed.insns)
        return EVENT_MALFORMED;
    return EVENT_FORMED;
}

static void code_bytes(uint8_t *to, const uint32_t *words)
{
    unsigned int i;

    for (i = 0; i < NVMX_TRC_CODE_BYTES; i++)
        to[i] = words[i / WORD] >> (i % WORD * 8);
}

static enum event_kind decode_code(const uint32_t *words, struct event *event)
{
    uint32_t offset = words[WORD_OF(nvmx_trc_code, offset)];

    if (offset >= CLUSTER_MAX_BYTES || offset % NVMX_TRC_CODE_BYTES)
        return EVENT_MALFORMED;
    event->code.offset = offset;
    code_bytes(event->code.bytes, words + WORD_OF(nvmx_trc_code, bytes));
    return EVENT_CODE;
}

static enum event_kind decode_segment(const uint32_t *words, struct event *event)
{
    uint32_t shape = words[WORD_OF(nvmx_trc_segment, shape)];
    uint32_t bytes = words[WORD_OF(nvmx_trc_segment, bytes)];

    event->segment.insns = shape & 0xffff;
    event->segment.exiting = (shape >> 16) & 0xff;
    event->segment.first = shape >> 31;
    event->segment.bytes = bytes & 0xffff;
    event->segment.number = bytes >> 16;
    event->segment.host_bytes = words[WORD_OF(nvmx_trc_segment, host_bytes)];
    if (!event->segment.bytes || event->segment.exiting > event->segment.insns)
        return EVENT_MALFORMED;
    return EVENT_SEGMENT;
}

static enum event_kind decode_piece(const uint32_t *words, struct event *event)
{
    uint32_t part = words[WORD_OF(nvmx_trc_piece, part)];

    event->piece.nr = part & 0xff;
    event->piece.segment = part >> 16;
    code_bytes(event->piece.bytes, words + WORD_OF(nvmx_trc_piece, bytes));
    if (!event->piece.nr || event->piece.nr > NVMX_TRC_CODE_BYTES)
        return EVENT_MALFORMED;
    return EVENT_PIECE;
}

/* Reasons are only ever appended: one not known here is newer, not wrong. */
static uint8_t stop_of(uint32_t reason)
{
    return reason < CLUSTER_NR_STOPS ? reason : EVENT_STOP_UNKNOWN;
}

static enum event_kind decode_executed(const uint32_t *words, struct event *event)
{
    uint32_t done = words[WORD_OF(nvmx_trc_executed, done)];
    uint32_t how = words[WORD_OF(nvmx_trc_executed, how)];
    uint32_t mode = (how >> 8) & 0xff;

    event->executed.insns = done & 0xffff;
    event->executed.exiting = done >> 16;
    event->executed.stop = stop_of((how >> 16) & 0xff);
    event->executed.cached = how & NVMX_TRC_CACHED;
    event->executed.entered = how & NVMX_TRC_ENTERED;
    event->executed.mode = mode < NVMX_TRC_NR_MODES ? mode : EVENT_MODE_UNKNOWN;
    if (event->executed.exiting > event->executed.insns)
        return EVENT_MALFORMED;
    return EVENT_EXECUTED;
}

static enum event_kind decode_stopped(const uint32_t *words, struct event *event)
{
    event->stopped.reason = stop_of(words[WORD_OF(nvmx_trc_stopped, reason)]);
    event->stopped.rip = word_pair(words + WORD_OF(nvmx_trc_stopped, stop_rip_lo));
    return EVENT_STOPPED;
}

static enum event_kind decode_discarded(const uint32_t *words, struct event *event)
{
    uint32_t reason = words[WORD_OF(nvmx_trc_discarded, reason)];

    event->discarded.reason = reason < CLUSTER_NR_DISCARDS ? reason : EVENT_DISCARD_UNKNOWN;
    event->discarded.count = words[WORD_OF(nvmx_trc_discarded, count)];
    return EVENT_DISCARDED;
}

static enum event_kind decode_mismatch(const uint32_t *words, struct event *event)
{
    uint32_t what = words[WORD_OF(nvmx_trc_mismatch, what)];

    event->mismatch.what = (what & 0xff) < NVMX_TRC_NR_DIFFERS ? what & 0xff
                                                               : EVENT_DIFFERS_UNKNOWN;
    event->mismatch.width = (what >> 8) & 0xff;
    event->mismatch.insns = words[WORD_OF(nvmx_trc_mismatch, insns)];
    event->mismatch.where = word_pair(words + WORD_OF(nvmx_trc_mismatch, where_lo));
    return EVENT_MISMATCH;
}

static enum event_kind decode_values(const uint32_t *words, struct event *event)
{
    event->values.expected = word_pair(words + WORD_OF(nvmx_trc_values, expected_lo));
    event->values.actual = word_pair(words + WORD_OF(nvmx_trc_values, actual_lo));
    return EVENT_VALUES;
}

_Static_assert(NVMX_INPUT_ALL == (1 << EVENT_INPUT_UNKNOWN) - 1, "each input has a place");

static enum event_kind decode_batch(const uint32_t *words, struct event *event)
{
    uint32_t fields = words[WORD_OF(nvmx_trc_batch, fields)];
    uint32_t inputs = words[WORD_OF(nvmx_trc_batch, inputs)];

    event->batch.written = fields & 0xffff;
    event->batch.fetched = fields >> 16;
    event->batch.inputs = inputs & NVMX_INPUT_ALL;
    if (inputs & ~(uint32_t)NVMX_INPUT_ALL)
        event->batch.inputs |= 1 << EVENT_INPUT_UNKNOWN;
    if (event->batch.written > NVMX_POSITIONS || event->batch.fetched > NVMX_POSITIONS)
        return EVENT_MALFORMED;
    return EVENT_BATCH;
}

static enum event_kind decode_cluster(const struct record *record, struct event *event)
{
    const uint32_t *words = record->extra;
    unsigned int expected = payload_words(record->event);

    if (!expected)
        return EVENT_NEWER;
    if (record->words != expected || !record->has_tsc)
        return EVENT_MALFORMED;
    event->rip = word_pair(words + WORD_OF(nvmx_trc_site, rip_lo));
    event->vcpu = words[WORD_OF(nvmx_trc_site, vcpu)];
    switch (record->event) {
    case NVMX_TRC_CLUSTER_FORMED:   return decode_formed(words, event);
    case NVMX_TRC_CLUSTER_CODE:     return decode_code(words, event);
    case NVMX_TRC_CLUSTER_EXECUTED: return decode_executed(words, event);
    case NVMX_TRC_CLUSTER_STOPPED:  return decode_stopped(words, event);
    case NVMX_TRC_CLUSTER_SEGMENT:  return decode_segment(words, event);
    case NVMX_TRC_CLUSTER_PIECE:    return decode_piece(words, event);
    case NVMX_TRC_CLUSTER_MISMATCH: return decode_mismatch(words, event);
    case NVMX_TRC_CLUSTER_VALUES:   return decode_values(words, event);
    case NVMX_TRC_CLUSTER_BATCH:    return decode_batch(words, event);
    default:                        return decode_discarded(words, event);
    }
}

/* Xen's payload: count; domain ID 15..0, vCPU ID 31..16; TSC of the first loss. */
static enum event_kind decode_lost(const struct record *record, struct event *event)
{
    if (record->words != 4 || !record->has_tsc)
        return EVENT_MALFORMED;
    event->lost.count = record->extra[0];
    event->vcpu = record->extra[1] << 16 | record->extra[1] >> 16;
    event->lost.since = word_pair(record->extra + 2);
    return EVENT_LOST;
}

static enum event_kind decode(const struct record *record, struct event *event)
{
    switch (record->event) {
    case READER_LOST_RECORDS:
        return decode_lost(record, event);
    case READER_CPU_CHANGE:
    case READER_WRAP_BUFFER:
        return EVENT_FRAMING;
    }
    if ((record->event & ~0xfffu) == NVMX_TRC_CLUSTER)
        return decode_cluster(record, event);
    return EVENT_FOREIGN;
}

enum event_kind event_decode(const struct record *record, struct event *event)
{
    memset(event, 0, sizeof(*event));
    event->cpu = record->cpu;
    event->offset = record->offset;
    event->tsc = record->tsc;
    return event->kind = decode(record, event);
}

const char *event_kind_name(enum event_kind kind)
{
    switch (kind) {
    case EVENT_FORMED:    return "formed";
    case EVENT_CODE:      return "code";
    case EVENT_EXECUTED:  return "executed";
    case EVENT_STOPPED:   return "stopped";
    case EVENT_DISCARDED: return "discarded";
    case EVENT_SEGMENT:   return "segment";
    case EVENT_PIECE:     return "piece";
    case EVENT_MISMATCH:  return "mismatch";
    case EVENT_VALUES:    return "values";
    case EVENT_BATCH:     return "batch";
    case EVENT_LOST:      return "lost";
    default:              return "other";
    }
}

const char *event_stop_name(unsigned int stop)
{
    switch (stop) {
    case CLUSTER_STOP_COMPLETE:      return "complete";
    case CLUSTER_STOP_BRANCH:        return "branch";
    case CLUSTER_STOP_MEMORY:        return "memory";
    case CLUSTER_STOP_CODE_WRITE:    return "code-write";
    case CLUSTER_STOP_EVENT:         return "event";
    case CLUSTER_STOP_VMX:           return "vmx";
    case CLUSTER_STOP_FLAGS:         return "flags";
    case CLUSTER_STOP_NO_CODE:       return "no-code";
    case CLUSTER_STOP_NO_CLUSTER:    return "no-cluster";
    case CLUSTER_STOP_EDGE:          return "edge";
    case CLUSTER_STOP_UNSUPPORTED:   return "unsupported";
    case CLUSTER_STOP_GAP:           return "gap";
    case CLUSTER_STOP_BUDGET:        return "budget";
    case CLUSTER_STOP_RESUME:        return "resume";
    case CLUSTER_STOP_WORLD:         return "world";
    case CLUSTER_STOP_BYTES:         return "bytes";
    case CLUSTER_STOP_FAULT:         return "fault";
    case CLUSTER_STOP_COUNTING:      return "counting";
    case CLUSTER_STOP_STACK:         return "stack";
    default:                      return "unknown";
    }
}

const char *event_discard_name(unsigned int reason)
{
    switch (reason) {
    case CLUSTER_DISCARD_NONE:    return "none";
    case CLUSTER_DISCARD_BYTES:   return "bytes";
    case CLUSTER_DISCARD_EVICTED: return "evicted";
    case CLUSTER_DISCARD_FLUSHED: return "flushed";
    case CLUSTER_DISCARD_USELESS: return "useless";
    case CLUSTER_DISCARD_SCATTERED: return "scattered";
    default:                      return "unknown";
    }
}

const char *event_mode_name(unsigned int mode)
{
    switch (mode) {
    case NVMX_TRC_MODE_STATIC: return "static";
    case NVMX_TRC_MODE_INTERP: return "interp";
    case NVMX_TRC_MODE_ON:     return "on";
    case NVMX_TRC_MODE_VERIFY: return "verify";
    default:                   return "unknown";
    }
}

const char *event_differs_name(unsigned int what)
{
    switch (what) {
    case NVMX_TRC_DIFFERS_GPR:    return "register";
    case NVMX_TRC_DIFFERS_RIP:    return "rip";
    case NVMX_TRC_DIFFERS_RFLAGS: return "rflags";
    case NVMX_TRC_DIFFERS_MEMORY: return "memory";
    case NVMX_TRC_DIFFERS_FIELD:  return "field";
    case NVMX_TRC_DIFFERS_EXIT:   return "exit";
    case NVMX_TRC_DIFFERS_MSR:    return "msr";
    case NVMX_TRC_DIFFERS_INSNS:  return "instructions";
    default:                      return "unknown";
    }
}

const char *event_input_name(unsigned int bit)
{
    switch (bit < EVENT_INPUT_UNKNOWN ? 1 << bit : 0) {
    case NVMX_INPUT_PIN:          return "pin";
    case NVMX_INPUT_CPU:          return "cpu";
    case NVMX_INPUT_SECONDARY:    return "secondary";
    case NVMX_INPUT_EXIT:         return "exit";
    case NVMX_INPUT_ENTRY:        return "entry";
    case NVMX_INPUT_EXCEPTION:    return "exception";
    case NVMX_INPUT_APIC_ACCESS:  return "apic-access";
    case NVMX_INPUT_VIRTUAL_APIC: return "virtual-apic";
    case NVMX_INPUT_TPR:          return "tpr";
    case NVMX_INPUT_CR:           return "cr";
    case NVMX_INPUT_TSC:          return "tsc";
    case NVMX_INPUT_EPT:          return "ept";
    case NVMX_INPUT_VPID:         return "vpid";
    case NVMX_INPUT_PDPTE:        return "pdpte";
    case NVMX_INPUT_PF:           return "page-fault";
    default:                      return "unknown";
    }
}
