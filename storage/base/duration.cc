// SPDX-License-Identifier: Apache-2.0
// Durations as text; times are in time_text.cc.
#include "storage/base/duration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "storage/base/text.h"

namespace outrider {
namespace {

struct Unit {
  std::string_view name;
  DurationMs ms;
  bool only_exact;  // printed only when the whole duration is a multiple
};
// Longest first: the order the grammar asks for.
constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDay, true},
                                         {"w", 7 * kDay, true},
                                         {"d", kDay, false},
                                         {"h", kHour, false},
                                         {"m", kMinute, false},
                                         {"s", kSecond, false},
                                         {"ms", 1, false}}};

struct GoUnit {
  std::string_view name;
  double nanos;
};
constexpr std::array<GoUnit, 8> kGoUnits = {{{"ns", 1},
                                             {"us", 1e3},
                                             {"µs", 1e3},
                                             {"μs", 1e3},
                                             {"ms", 1e6},
                                             {"s", 1e9},
                                             {"m", 60e9},
                                             {"h", 3600e9}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t DigitsAtStart(std::string_view text) {
  size_t n = 0;
  while (n < text.size() && IsDigit(text[n])) ++n;
  return n;
}

}  // namespace

StatusOr<DurationMs> ParseDuration(std::string_view text) {
  if (text.empty()) return InvalidArgument("empty duration string");
  if (text == "0") return 0;
  const auto bad = [&] { return InvalidArgument("not a valid duration string: " + Quote(text)); };
  DurationMs total = 0;
  auto next_unit = kUnits.begin();
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t digits = DigitsAtStart(rest);
    if (digits == 0 || digits > 20) return bad();
    const StatusOr<int64_t> number = ParseInt(rest.substr(0, digits));
    rest.remove_prefix(digits);
    size_t letters = 0;
    while (letters < rest.size() && !IsDigit(rest[letters])) ++letters;
    const std::string_view name = rest.substr(0, letters);
    if (name.empty()) return bad();
    const auto unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == kUnits.end()) {
      return InvalidArgument(
          fmt::format("unknown unit {} in duration {}", Quote(name), Quote(text)));
    }
    // From the biggest to the smallest, each once.
    if (unit < next_unit) return bad();
    next_unit = unit + 1;
    DurationMs part = 0;
    // Prometheus computes in nanoseconds and refuses what overflows there.
    if (!number.ok() || __builtin_mul_overflow(*number, unit->ms, &part) ||
        __builtin_add_overflow(total, part, &total) || total > INT64_MAX / kNanosPerMilli) {
      return InvalidArgument("duration out of range");
    }
    rest.remove_prefix(letters);
  }
  return total;
}

std::string FormatDuration(DurationMs duration) {
  if (duration == 0) return "0s";
  std::string out = duration < 0 ? "-" : "";
  DurationMs rest = duration < 0 ? -duration : duration;
  for (const Unit& unit : kUnits) {
    if (unit.only_exact && rest % unit.ms != 0) continue;
    if (const DurationMs count = rest / unit.ms; count > 0) {
      out += fmt::format("{}{}", count, unit.name);
      rest -= count * unit.ms;
    }
  }
  return out;
}

StatusOr<int64_t> ParseGoDuration(std::string_view text) {
  const auto bad = [&] { return InvalidArgument("time: invalid duration " + Quote(text)); };
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty()) return bad();
  double total = 0;
  while (!rest.empty()) {
    size_t n = DigitsAtStart(rest);
    if (n < rest.size() && rest[n] == '.') n += 1 + DigitsAtStart(rest.substr(n + 1));
    const auto number = ParseDouble(rest.substr(0, n));
    if (!number.ok()) return bad();
    rest.remove_prefix(n);
    size_t letters = 0;
    while (letters < rest.size() && !IsDigit(rest[letters]) && rest[letters] != '.') ++letters;
    const std::string_view name = rest.substr(0, letters);
    if (name.empty()) return InvalidArgument("time: missing unit in duration " + Quote(text));
    const auto* unit = std::find_if(kGoUnits.begin(), kGoUnits.end(),
                                    [&](const GoUnit& u) { return u.name == name; });
    if (unit == kGoUnits.end()) {
      return InvalidArgument("time: unknown unit " + Quote(name) + " in duration " + Quote(text));
    }
    total += *number * unit->nanos;
    rest.remove_prefix(letters);
  }
  if (total > 9.2e18) return bad();
  return static_cast<int64_t>(std::llround(negative ? -total : total));
}

StatusOr<DurationMs> ParseApiDuration(std::string_view text) {
  if (const auto seconds = ParseDouble(text); seconds.ok()) {
    const double ms = *seconds * 1000;
    if (std::isnan(ms) || std::fabs(ms) > 9.2e12) {
      return InvalidArgument(
          fmt::format("cannot parse {} to a valid duration. It overflows int64", Quote(text)));
    }
    return static_cast<DurationMs>(ms);
  }
  auto duration = ParseDuration(text);
  if (!duration.ok()) {
    return InvalidArgument(fmt::format("cannot parse {} to a valid duration", Quote(text)));
  }
  return duration;
}

}  // namespace outrider
