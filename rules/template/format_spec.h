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
  bool plus_v = false;   // %+v: names of fields
  bool sharp_v = false;  // %#v: Go syntax
  bool has_width = false;
  bool has_precision = false;
  int width = 0;
  int precision = 0;
};

// A text this long is refused by the interpreter anyhow (exec.h): padding stops here.
inline constexpr size_t kMaxFormatted = 2U << 20;

// `text` on `spec.width`, counted in runes. Zeros pad only on the left.
std::string Pad(const FormatSpec& spec, std::string_view text);
// %v %s %q %x %X of a text. False if the verb does not fit; then *out is untouched.
bool FormatText(const FormatSpec& spec, std::string_view text, std::string* out);
// %v %d %b %o %O %x %X %c %q %U of an integer.
bool FormatInteger(const FormatSpec& spec, int64_t value, std::string* out);
// %v %b %e %E %f %F %g %G %x %X of a float (format_float.cc).
bool FormatFloat(const FormatSpec& spec, double value, std::string* out);

// The UTF-8 bytes of a code point; U+FFFD for one that is none.
std::string EncodeRune(int64_t code);
// The code point of one rune's bytes; U+FFFD for a byte that is none.
char32_t DecodeOneRune(std::string_view rune);

}  // namespace outrider::tmpl
