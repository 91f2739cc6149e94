// SPDX-License-Identifier: Apache-2.0
// One verb of a Sprintf format with its flags, and how it formats the basic kinds. Part of
// format_verb.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outrider::tmpl {

struct FormatSpec {
  char32_t verb = 'v';
  bool plus = false;
  bool minus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  bool has_width = false;
  bool has_precision = false;
  int width = 0;
  int precision = 0;
};

// `text` on `spec.width`, counted in runes. Zeros pad only on the left.
std::string Pad(const FormatSpec& spec, std::string_view text);
// %v %s %q %x %X of a text. False if the verb does not fit; then *out is untouched.
bool FormatText(const FormatSpec& spec, std::string_view text, std::string* out);
// %v %d %b %o %O %x %X %c %q %U of an integer.
bool FormatInteger(const FormatSpec& spec, int64_t value, std::string* out);
// %v %e %E %f %F %g %G of a float.
bool FormatFloat(const FormatSpec& spec, double value, std::string* out);

// The UTF-8 bytes of a code point; U+FFFD for one that is none.
std::string EncodeRune(int64_t code);

}  // namespace outrider::tmpl
