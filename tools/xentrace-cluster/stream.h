/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.h - the part of a model that is told in several records: segments with
 * their pieces, mismatches with their values.
 *
 * What such records have begun is kept per vCPU, since the second kind does not
 * name the site.  Private to the model.
 */
#ifndef XC_STREAM_H
#define XC_STREAM_H

#include "model.h"

void stream_init(struct model *model);
void stream_free(struct model *model);

void stream_segment(struct model *model, const struct event *event);
void stream_piece(struct model *model, const struct event *event);
void stream_mismatch(struct model *model, const struct event *event);
void stream_values(struct model *model, const struct event *event);

/* No more events: segments whose pieces did not all come are taken as they are. */
void stream_finish(struct model *model);

/* The row of the region at the event's site, which its vCPU has there from now on. */
struct model_row *model_region_at(struct model *model, const struct event *event);

#endif /* XC_STREAM_H */
