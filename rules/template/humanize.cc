// SPDX-License-Identifier: Apache-2.0
#include "rules/template/humanize.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <limits>

#include "rules/template/format_verb.h"
#include "rules/template/time_format.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

constexpr const char* kLarge[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr const char* kSmall[] = {"m", "u", "n", "p", "f", "a", "z", "y"};
constexpr const char* kBinary[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};

constexpr double kInt64Limit = 9223372036854775808.0;

// Go allows them between digits.
std::string WithoutUnderscores(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool between = i > 0 && i + 1 < text.size() && std::isdigit(text[i - 1]) != 0 &&
                         std::isdigit(text[i + 1]) != 0;
    if (text[i] != '_' || !between) out += text[i];
  }
  return out;
}

bool IsSpecial(double v) { return std::isnan(v) || std::isinf(v); }
// %.4g with Go's spelling of the special values.
std::string FourDigits(double v) { return Sprintf("%.4g", std::vector<Value>{Value(v)}); }

// Divides by `base` until the number is below it; *prefix is set if it ever did.
double ScaleDown(double v, double base, std::span<const char* const> prefixes,
                 const char** prefix) {
  for (const char* p : prefixes) {
    if (std::fabs(v) < base) break;
    *prefix = p;
    v /= base;
  }
  return v;
}
double ScaleUp(double v, const char** prefix) {
  for (const char* p : kSmall) {
    if (std::fabs(v) >= 1) break;
    *prefix = p;
    v *= 1000;
  }
  return v;
}

}  // namespace

StatusOr<double> NumberArg(const Value& value) {
  if (const double* v = std::get_if<double>(&value.data())) return *v;
  if (const int64_t* v = std::get_if<int64_t>(&value.data())) return static_cast<double>(*v);
  if (const Duration* v = std::get_if<Duration>(&value.data())) {
    return static_cast<double>(v->nanos) / 1e9;
  }
  if (const std::string* v = value.AsString()) {
    StatusOr<double> number = ParseDouble(WithoutUnderscores(*v));
    if (number.ok() && std::isinf(*number) && v->find_first_of("123456789") != std::string::npos) {
      return InvalidArgument(
          fmt::format("strconv.ParseFloat: parsing {}: value out of range", Quote(*v)));
    }
    if (number.ok()) return number;
    return InvalidArgument(
        fmt::format("strconv.ParseFloat: parsing {}: invalid syntax", Quote(*v)));
  }
  return InvalidArgument(fmt::format("can't convert {} to float", TypeName(value)));
}

std::string Humanize(double v) {
  if (v == 0 || IsSpecial(v)) return FourDigits(v);
  const char* prefix = "";
  v = std::fabs(v) >= 1 ? ScaleDown(v, 1000, kLarge, &prefix) : ScaleUp(v, &prefix);
  return FourDigits(v) + prefix;
}

std::string Humanize1024(double v) {
  if (std::fabs(v) <= 1 || IsSpecial(v)) return FourDigits(v);
  const char* prefix = "";
  v = ScaleDown(v, 1024, kBinary, &prefix);
  return FourDigits(v) + prefix;
}

std::string HumanizePercentage(double v) { return FourDigits(v * 100) + "%"; }

std::string HumanizeDuration(double seconds) {
  if (IsSpecial(seconds)) return FourDigits(seconds);
  if (seconds == 0) return FourDigits(seconds) + "s";
  if (std::fabs(seconds) < 1) {
    const char* prefix = "";
    seconds = ScaleUp(seconds, &prefix);
    return FourDigits(seconds) + prefix + "s";
  }
  const std::string sign = seconds < 0 ? "-" : "";
  const double magnitude = std::fabs(seconds);
  const int64_t whole = TruncateToInt(magnitude);
  const int64_t second = whole % 60;
  const int64_t minutes = whole / 60 % 60;
  const int64_t hours = whole / 3600 % 24;
  const int64_t days = whole / 86400;
  if (days != 0) return fmt::format("{}{}d {}h {}m {}s", sign, days, hours, minutes, second);
  if (hours != 0) return fmt::format("{}{}h {}m {}s", sign, hours, minutes, second);
  if (minutes != 0) return fmt::format("{}{}m {}s", sign, minutes, second);
  return sign + FourDigits(magnitude) + "s";  // below a minute the fraction is shown
}

StatusOr<Time> ToTime(double seconds) {
  if (IsSpecial(seconds)) return InvalidArgument("value is NaN or Inf");
  const double nanos = seconds * 1e9;
  if (std::fabs(nanos) >= kInt64Limit) {
    return InvalidArgument(
        fmt::format("{} cannot be represented as a nanoseconds timestamp since it overflows int64",
                    FormatFloatG(seconds)));
  }
  // Cut to milliseconds, which is what a sample's time holds.
  const Nanos cut = static_cast<int64_t>(nanos) / kNanosPerMilli * kNanosPerMilli;
  return Time{cut, 0, "", cut == 0};
}

StatusOr<std::string> HumanizeTimestamp(double seconds) {
  if (IsSpecial(seconds)) return FourDigits(seconds);
  return TimeText(TRY(ToTime(seconds)));
}

int64_t TruncateToInt(double value) {
  if (std::isnan(value) || std::fabs(value) >= kInt64Limit) {
    return std::numeric_limits<int64_t>::min();
  }
  return static_cast<int64_t>(value);
}

}  // namespace outrider::tmpl
