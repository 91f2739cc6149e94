// SPDX-License-Identifier: Apache-2.0
#include "storage/base/yaml_number.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>

#include "storage/base/text.h"

namespace outrider {
namespace {

// A scalar without its sign and its underscores.
struct Digits {
  std::string text;
  bool negative = false;

  bool IsNumber() const {
    return !text.empty() && (text[0] == '.' || (text[0] >= '0' && text[0] <= '9'));
  }
  // A whole number of any base.
  std::optional<uint64_t> Whole() const {
    const std::tuple<std::string_view, int> bases[] = {
        {"0x", 16}, {"0b", 2}, {"0o", 8}, {"0", 8}, {"", 10}};
    for (const auto& [prefix, base] : bases) {
      if (!text.starts_with(prefix) || text.size() == prefix.size()) continue;
      uint64_t value = 0;
      const char* const end = text.data() + text.size();
      const auto parsed = std::from_chars(text.data() + prefix.size(), end, value, base);
      if (parsed.ec == std::errc() && parsed.ptr == end) return value;
    }
    return std::nullopt;
  }
};

StatusOr<Digits> DigitsOf(const YamlNode& node) {
  if (node.quoted) return InvalidArgument(fmt::format("{} is a text", Quote(node.scalar)));
  Digits digits{ToLower(node.scalar)};
  const bool led = digits.text.starts_with("_");
  std::erase(digits.text, '_');
  digits.negative = digits.text.starts_with("-");
  if (digits.negative || digits.text.starts_with("+")) digits.text.erase(0, 1);
  if (led || !digits.IsNumber()) {
    return InvalidArgument(fmt::format("{} is no number", Quote(node.scalar)));
  }
  return digits;
}

StatusOr<double> NumberOf(const Digits& digits, const YamlNode& node) {
  const double sign = digits.negative ? -1 : 1;
  if (digits.text == ".inf") return sign * HUGE_VAL;
  if (digits.text == ".nan") return std::nan("");
  if (const auto whole = digits.Whole()) return sign * static_cast<double>(*whole);
  const double value = TRY(ParseDouble(digits.text));
  if (!std::isfinite(value)) return InvalidArgument(fmt::format("{} is too large", node.scalar));
  return sign * value;
}

}  // namespace

StatusOr<double> ParseYamlNumber(const YamlNode& node) {
  return NumberOf(TRY(DigitsOf(node)), node);
}

StatusOr<int64_t> ParseYamlInt(const YamlNode& node) {
  const auto bad = [&] { return InvalidArgument(Quote(node.scalar) + " is no integer"); };
  const Digits digits = TRY(DigitsOf(node));
  if (const auto whole = digits.Whole()) {
    if (*whole > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return bad();
    const auto value = static_cast<int64_t>(*whole);
    return digits.negative ? -value : value;
  }
  const double value = TRY(NumberOf(digits, node));
  // 2^63 is the first double that is too large.
  if (!(std::abs(value) < 0x1p63)) return bad();
  return static_cast<int64_t>(value);
}

}  // namespace outrider
