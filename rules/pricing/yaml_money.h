// SPDX-License-Identifier: Apache-2.0
// Exact numbers out of YAML: the digits are read, not a double. Errors are remembered by the
// reader, with file:line:column. Each returns whether the key was there.
#pragma once

#include <optional>
#include <string_view>

#include "rules/pricing/money.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Not negative.
bool ReadDecimal(YamlReader& reader, std::string_view key, Decimal* out);
bool ReadMoney(YamlReader& reader, std::string_view key, Money* out);
bool ReadMoney(YamlReader& reader, std::string_view key, std::optional<Money>* out);
// 30% or 0.3: a share from 0 to 1.
bool ReadShare(YamlReader& reader, std::string_view key, Decimal* out);
bool ReadShare(YamlReader& reader, std::string_view key, std::optional<Decimal>* out);

// "30%", "30 %" or "0.3".
StatusOr<Decimal> ParseShare(std::string_view text);

}  // namespace outrider
