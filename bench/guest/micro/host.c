/* SPDX-License-Identifier: GPL-2.0-only */
#include "host.h"
#include "lab_call.h"
#include "text.h"

static const char *run;

void host_set_run(const char *text)
{
    run = text;
}

/* One more byte than a name has: text ends with a zero. */
static union lab_name name(const char *before, const char *between, const char *behind)
{
    char buffer[LAB_NAME_SIZE + 1] = "";
    struct text t = { buffer, sizeof(buffer), 0 };
    union lab_name name;
    unsigned int i;

    text_add(&t, before);
    text_add(&t, "-");
    text_add(&t, run);
    text_add(&t, between);
    text_add(&t, behind);
    for (i = 0; i < LAB_NAME_SIZE; i++)
        name.text[i] = buffer[i];
    return name;
}

static bool window(enum lab_function function, const char *before, const char *behind)
{
    union lab_name of = name(before, *behind ? "-" : "", behind);

    return lab_call(function, &of, 0, 0, 0) == 0;
}

bool host_open(const char *before, const char *behind)
{
    return window(LAB_OPEN, before, behind);
}

bool host_close(const char *before, const char *behind)
{
    return window(LAB_CLOSE, before, behind);
}

bool host_put_result(const char *json, unsigned int length)
{
    union lab_name file = name("l2", ".", "json");

    return lab_call(LAB_PUT, &file, json, length, 0) == length;
}
