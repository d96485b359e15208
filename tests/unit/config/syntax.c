/* SPDX-License-Identifier: MIT
 *
 * What is no config at all: what was expected, and where. Never left to
 * libconfig, whose versions differ in it.
 */
#include "config/model.h"
#include "support/unit.h"

static const struct {
    const char *text, *says;
} rows[] = {
    {"a = 1", "t:1: a: unknown key"},
    {"a = 1 b : 2, c = 3; # end", "t:1: a: unknown key"},
    {"# nothing but a comment", ""},
    {"", ""},
    {"a", "t:1: syntax error: a has no value"},
    {"\n a =\n", "t:3: syntax error: a has no value"},
    {"a = ;", "t:1: syntax error: expected a value, found ;"},
    {"a = yes;", "t:1: syntax error: expected a value (a string stands in quotes), found the word yes"},
    {"a = 1;; b = 2;", "t:1: syntax error: expected a name, found ;"},
    {"a 1", "t:1: syntax error: expected = or : behind a, found a number"},
    {"true = 1;", "t:1: syntax error: expected a name, found the word true"},
    {"a = 1 \"x\"", "t:1: syntax error: expected a semicolon, found a string"},
    {"a = 1 = 2", "t:1: syntax error: expected a semicolon, found ="},
    {"a = (\n 1 2 );", "t:2: syntax error: expected a comma or ), found a number"},
    {"a = ( 1,, 2 );", "t:1: syntax error: expected a value, found ,"},
    {"a = ( , 1 );", "t:1: syntax error: expected a value, found ,"},
    {"a = ( 1, );", "t:1: syntax error: a comma before the end of a list"},
    {"a = [ 1, ];", "t:1: syntax error: a comma before the end of a list"},
    {"a = [ 1, \"x\" ];", "t:1: syntax error: [ ] holds values of one type (write ( ) instead)"},
    {"a = [ 1, 1.5 ];", "t:1: syntax error: [ ] holds values of one type (write ( ) instead)"},
    {"a = [ ( ) ];",
     "t:1: syntax error: [ ] holds strings, numbers or truth values, no ( (write ( ) instead)"},
    {"a = {\n b = ( 1;\n};", "t:2: syntax error: expected a comma or ), found ;"},
    {"a = {\n b = ( 1 }\n};", "t:2: syntax error: expected ) for the ( of line 2, found }"},
    {"a = {\n b = ( ]\n};", "t:2: syntax error: expected ) for the ( of line 2, found ]"},
    {"a = { b = 1; ) ;", "t:1: syntax error: expected } for the { of line 1, found )"},
    {"a = 1; };", "t:1: syntax error: a } that closes nothing"},
    {"x: {\n a = {\n  b = 1;\n};", "t:1: syntax error: the { that opens here is not closed"},
    {"a = 'x';", "t:1: syntax error: a string stands in double quotes"},
    {"a = 30s;", "t:1: syntax error: 30s is not a number (a string stands in quotes)"},
    {"a = 127.0.0.1;", "t:1: syntax error: 127.0.0.1 is not a number (a string stands in quotes)"},
    {"a = -;", "t:1: syntax error: - is not a number"},
    {"a = $<X>;", "t:1: syntax error: $ has no meaning here"},
    {"a = 1;\v", "t:1: syntax error: the byte 0x0b has no meaning here"},
    {"\xef\xbb\xbf"
     "a = 1;",
     "t:1: syntax error: the byte 0xef has no meaning here"},
    {"a = \"x\\x00y\";", "t:1: a NUL byte"},
    {"a = \"b;\nc = \"d\";\ne = \"f\";\n",
     "t:1: syntax error (the string that starts here goes over several lines: is its "
     "closing quote missing?)"},
    {"a = \"hunter2\" : 5;", "t:1: syntax error: expected a semicolon, found :"},
};

HG_TEST(syntax_errors_say_what_was_expected)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_diag *d = hg_diag_new();
        hg_unit_row(rows[i].text);
        struct hg_model *m = hg_model_read_string(rows[i].text, "t", d);
        const char *line = hg_diag_line(d, 0, NULL);
        HG_CHECK_STR(line != NULL ? line : "", rows[i].says);
        if (strstr(rows[i].says, "syntax") != NULL)
            HG_CHECK_U64(hg_diag_errors(d), 1); /* the first of a file, and nothing after it */
        hg_model_free(m);
        hg_diag_free(d);
    }
}
