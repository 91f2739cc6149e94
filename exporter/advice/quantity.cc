// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/quantity.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "rules/capacity/judgement.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kMib = 1024.0 * 1024.0;

// 0.3 cores are 299.99999999999994 m or 300.00000000000006 m, depending on the way there: what is
// that close to a whole number is it.
int64_t CeilUnits(double amount, double unit) {
  const double units = std::abs(amount) / unit;
  const double nearest = std::round(units);
  const double whole = std::abs(units - nearest) < 1e-7 ? nearest : std::ceil(units);
  return static_cast<int64_t>(std::min(whole, 9e15));
}

struct Suffix {
  std::string_view text;
  double factor;
};
constexpr std::array<Suffix, 16> kSuffixes = {{{"Ki", 1024.0},
                                               {"Mi", kMib},
                                               {"Gi", kMib * 1024},
                                               {"Ti", kMib* kMib},
                                               {"Pi", kMib* kMib * 1024},
                                               {"Ei", kMib* kMib* kMib},
                                               {"n", 1e-9},
                                               {"u", 1e-6},
                                               {"m", 1e-3},
                                               {"k", 1e3},
                                               {"M", 1e6},
                                               {"G", 1e9},
                                               {"T", 1e12},
                                               {"P", 1e15},
                                               {"E", 1e18},
                                               {"", 1}}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits with at most one dot, a sign before them; as long as `end` says.
bool IsDecimal(std::string_view text) {
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
  size_t digits = 0;
  size_t dots = 0;
  for (const char c : text) {
    digits += IsDigit(c) ? 1 : 0;
    dots += c == '.' ? 1 : 0;
  }
  return digits > 0 && dots <= 1 && digits + dots == text.size();
}

// 1e3, 1.5E-2: an exponent in place of a suffix.
bool IsExponential(std::string_view text) {
  const size_t at = text.find_first_of("eE");
  if (at == std::string_view::npos) return false;
  const std::string_view exponent = text.substr(at + 1);
  return IsDecimal(text.substr(0, at)) && IsDecimal(exponent) &&
         exponent.find('.') == std::string_view::npos;
}

}  // namespace

std::string CpuQuantity(double cores) {
  const int64_t millis = CeilUnits(cores, 1e-3);
  const std::string_view sign = cores < 0 && millis > 0 ? "-" : "";
  return millis % 1000 == 0 ? fmt::format("{}{}", sign, millis / 1000)
                            : fmt::format("{}{}m", sign, millis);
}

std::string MemoryQuantity(double bytes) {
  const int64_t mib = CeilUnits(bytes, kMib);
  const std::string_view sign = bytes < 0 && mib > 0 ? "-" : "";
  if (mib == 0) return "0";
  return mib % 1024 == 0 ? fmt::format("{}{}Gi", sign, mib / 1024)
                         : fmt::format("{}{}Mi", sign, mib);
}

std::string QuantityText(Resource resource, double amount) {
  return resource == Resource::kCpu ? CpuQuantity(amount) : MemoryQuantity(amount);
}

std::optional<double> ParseQuantity(std::string_view text) {
  if (IsExponential(text)) {
    const auto value = ParseDouble(text);
    return value.ok() && std::isfinite(*value) ? std::optional(*value) : std::nullopt;
  }
  for (const Suffix& suffix : kSuffixes) {
    if (!text.ends_with(suffix.text)) continue;
    const std::string_view number = text.substr(0, text.size() - suffix.text.size());
    if (!IsDecimal(number)) return std::nullopt;
    const auto value = ParseDouble(number);
    return value.ok() ? std::optional(*value * suffix.factor) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace outrider
