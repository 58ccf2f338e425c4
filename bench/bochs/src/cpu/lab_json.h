/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_json.h - one JSON object on one line, put together key by key.
 *
 * Names and strings are ours or checked (lab_mark.cc): none needs escaping.
 */
#ifndef BX_LAB_JSON_H
#define BX_LAB_JSON_H

#include <stdio.h>
#include <string>

class lab_json {
public:
    lab_json() : text("{") { }

    void open(const std::string &name) { key(name); text += '{'; }
    void close() { text += '}'; }
    void string(const char *name, const std::string &v) { key(name); text += '"' + v + '"'; }
    void number(const std::string &name, Bit64u v) { key(name); text += std::to_string(v); }
    void boolean(const char *name, bool v) { key(name); text += v ? "true" : "false"; }

    void seconds(const char *name, double v)
    {
        char digits[64];

        snprintf(digits, sizeof(digits), "%.9f", v);
        key(name);
        text += digits;
    }

    const std::string &line() { text += "}\n"; return text; }

private:
    std::string text;

    void key(const std::string &name)
    {
        if (text.back() != '{')
            text += ',';
        text += '"' + name + "\":";
    }
};

#endif
