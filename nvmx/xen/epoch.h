/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * epoch.h - what translations depend on (private to epoch.c, which has the
 * page-table entries and looks whether they are as they were, and xlat.c, which
 * has the pages).
 *
 * Both between nvmx_xlat_begin() and nvmx_xlat_end().
 */
#ifndef NVMX_XEN_EPOCH_H
#define NVMX_XEN_EPOCH_H

#include "xlat.h"

/*
 * All that the walk @w depended on is looked at from now on, and @p depends on
 * it.  False when the page cannot be kept: an entry has changed in this epoch, or
 * there is no room, which @xlat->full tells.
 */
bool nvmx_epoch_keep(struct nvmx_xlat *xlat, const struct nvmx_walk *w,
                     struct nvmx_xlat_page *p);

/*
 * The page @p was looked up in this epoch: is it still where it was?  Then the
 * region that is executed depends on it, too.
 */
bool nvmx_epoch_use(struct nvmx_xlat *xlat, const struct nvmx_xlat_page *p);

#endif /* NVMX_XEN_EPOCH_H */
