// SPDX-License-Identifier: Apache-2.0
// Numbers as text, the way Go's strconv and the Prometheus API write them.
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "storage/base/text.h"

namespace outrider {
namespace {

// NaN and infinities, else "".
std::string_view Special(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return {};
}

std::string ToChars(double value, std::chars_format format) {
  char buffer[400];  // the longest fixed double has 309 digits before the point
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  return std::string(buffer, result.ptr);
}

// The decimal exponent of a finite non-zero value in its shortest form.
int DecimalExponent(const std::string& scientific) {
  return std::atoi(scientific.c_str() + scientific.find('e') + 1);
}

}  // namespace

std::string FormatFloatF(double value) {
  if (const auto special = Special(value); !special.empty()) return std::string(special);
  if (std::fabs(value) < 1e15) return ToChars(value, std::chars_format::fixed);
  // to_chars writes big integers out exactly, Go the shortest digits and zeros.
  const std::string scientific = ToChars(value, std::chars_format::scientific);
  std::string digits = scientific.substr(0, scientific.find('e'));
  std::erase(digits, '.');
  const size_t sign = value < 0 ? 1 : 0;
  digits.resize(sign + static_cast<size_t>(DecimalExponent(scientific)) + 1, '0');
  return digits;
}

std::string FormatFloatE(double value) {
  if (const auto special = Special(value); !special.empty()) return std::string(special);
  return ToChars(value, std::chars_format::scientific);
}

std::string FormatFloatG(double value) {
  if (const auto special = Special(value); !special.empty()) return std::string(special);
  std::string scientific = ToChars(value, std::chars_format::scientific);
  // Go decides as if the precision were 6, however many digits the shortest form has.
  const int exponent = DecimalExponent(scientific);
  return exponent < -4 || exponent >= 6 ? scientific : FormatFloatF(value);
}

std::string FormatSampleValue(double value) {
  const double magnitude = std::fabs(value);
  if (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)) return FormatFloatE(value);
  return FormatFloatF(value);
}

std::string FormatTimestampSeconds(int64_t ms) {
  std::string out = ms < 0 ? "-" : "";
  const uint64_t magnitude = ms < 0 ? 0 - static_cast<uint64_t>(ms) : static_cast<uint64_t>(ms);
  out += std::to_string(magnitude / 1000);
  if (const uint64_t rest = magnitude % 1000; rest != 0) {
    std::string digits = std::to_string(1000 + rest).substr(1);
    while (digits.back() == '0') digits.pop_back();
    out += '.' + digits;
  }
  return out;
}

StatusOr<double> ParseDouble(std::string_view text) {
  const auto bad = [&] { return InvalidArgument("not a number: " + Quote(text)); };
  std::string_view digits = text;
  const bool plus = !digits.empty() && digits.front() == '+';
  if (plus) digits.remove_prefix(1);
  if (plus && !digits.empty() && digits.front() == '-') return bad();
  double value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ptr != digits.data() + digits.size() || digits.empty()) return bad();
  if (result.ec == std::errc::result_out_of_range) {
    value = std::strtod(std::string(digits).c_str(), nullptr);  // 0 or an infinity, as Go rounds
  } else if (result.ec != std::errc()) {
    return bad();
  }
  return value;
}

StatusOr<int64_t> ParseInt(std::string_view text) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc() || result.ptr != digits.data() + digits.size() || digits.empty()) {
    return InvalidArgument("not an integer: " + Quote(text));
  }
  return value;
}

}  // namespace outrider
