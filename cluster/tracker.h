/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tracker.h - how often a site has exited: CLUSTER_TRACKER_ROWS rows, each a FIFO
 * of CLUSTER_TRACKER_DEPTH hashed tags (USENIX ATC 2012, section 3.3).
 *
 * A site is RIP and RSP modulo 16, as a region's.  Two of the same hash (41 bits)
 * share an entry, which costs nothing but a recording too early or too late.
 *
 * An entry also remembers what came of recording: that nothing did (barren),
 * and how often the site was recorded lately, so that a site whose code is
 * patched again and again ends up as barren, too.
 */
#ifndef CLUSTER_TRACKER_H
#define CLUSTER_TRACKER_H

#include "cluster.h"

enum {
    CLUSTER_TRACKER_RECORDS = 3,    /* the exit that records */
    CLUSTER_TRACKER_TRIES = 8,      /* recordings before it is given up for a while */
};

enum cluster_tracked {
    CLUSTER_TRACKED_COUNTING,       /* seen too seldom */
    CLUSTER_TRACKED_RECORD,         /* often enough: now, and at each exit from now on */
    CLUSTER_TRACKED_BARREN,
};

/* The site, which has no region, has exited @exits (1 or more) times since it was asked last. */
enum cluster_tracked cluster_tracker_exit(struct cluster_vcpu *vcpu, uint64_t rip,
                                          uint16_t variant, unsigned int exits);

/* Is it barren?  Yes counts as one exit; nothing else is changed. */
bool cluster_tracker_is_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant);

/* Has it exited lately?  Two sites of the same hash are one here, too. */
bool cluster_tracker_knows(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant);

/* It was recorded, with or without success.  The TRIESth time makes it barren. */
void cluster_tracker_recorded(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant);

/* Its region does well: earlier recordings are forgotten. */
void cluster_tracker_settle(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant);

/* Nothing is to be gained there for @exits exits, or as many as an entry can count: 32,767. */
void cluster_tracker_set_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant,
                                unsigned int exits);

#endif /* CLUSTER_TRACKER_H */
