// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/yaml_money.h"

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

template <typename Number>
bool ReadNumber(YamlReader& reader, std::string_view key, Number* out) {
  const YamlNode* node = reader.Child(key);
  if (node == nullptr || node->IsNull()) return false;
  const StatusOr<Number> number =
      node->IsScalar() ? Number::Parse(node->scalar)
                       : StatusOr<Number>(InvalidArgument("a number is needed here"));
  if (!number.ok()) {
    reader.Fail(key, fmt::format("{}: {}", key, Message(number.status())));
  } else if (number->IsNegative()) {
    reader.Fail(key, fmt::format("{} must not be negative", key));
  } else {
    *out = *number;
  }
  return true;
}

}  // namespace

bool ReadDecimal(YamlReader& reader, std::string_view key, Decimal* out) {
  return ReadNumber(reader, key, out);
}

bool ReadMoney(YamlReader& reader, std::string_view key, Money* out) {
  return ReadNumber(reader, key, out);
}

bool ReadMoney(YamlReader& reader, std::string_view key, std::optional<Money>* out) {
  Money money;
  if (!ReadNumber(reader, key, &money)) return false;
  *out = money;
  return true;
}

bool ReadShare(YamlReader& reader, std::string_view key, Decimal* out) {
  const YamlNode* node = reader.Child(key);
  if (node == nullptr || node->IsNull()) return false;
  const StatusOr<Decimal> share = ParseShare(node->IsScalar() ? node->scalar : "");
  if (share.ok()) {
    *out = *share;
  } else {
    reader.Fail(key, fmt::format("{}: {}", key, Message(share.status())));
  }
  return true;
}

bool ReadShare(YamlReader& reader, std::string_view key, std::optional<Decimal>* out) {
  Decimal share;
  if (!ReadShare(reader, key, &share)) return false;
  *out = share;
  return true;
}

StatusOr<Decimal> ParseShare(std::string_view text) {
  std::string_view digits = Trim(text);
  const bool percent = digits.ends_with('%');
  if (percent) digits = Trim(digits.substr(0, digits.size() - 1));
  const StatusOr<Decimal> number = Decimal::Parse(digits);
  if (!number.ok()) {
    return InvalidArgument(
        fmt::format("{} is neither a share (0.3) nor a percentage (30%)", Quote(text)));
  }
  const Decimal share = percent ? number->Over(100_dec) : *number;
  if (share.IsNegative() || share > 1_dec) {
    return InvalidArgument(fmt::format("{} is not between 0 and 1 (0% and 100%)", Quote(text)));
  }
  return share;
}

}  // namespace outrider
