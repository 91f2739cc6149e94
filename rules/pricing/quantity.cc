// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/quantity.h"

#include <array>

#include "fmt/format.h"
#include "rules/pricing/price.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct Suffix {
  std::string_view text;
  int64_t numerator;
  int64_t denominator;
};
constexpr int64_t kThousand = 1000;
constexpr std::array kSuffixes = {
    Suffix{"Ki", int64_t{1} << 10, 1},
    Suffix{"Mi", int64_t{1} << 20, 1},
    Suffix{"Gi", int64_t{1} << 30, 1},
    Suffix{"Ti", int64_t{1} << 40, 1},
    Suffix{"Pi", int64_t{1} << 50, 1},
    Suffix{"Ei", int64_t{1} << 60, 1},
    Suffix{"n", 1, kThousand* kThousand* kThousand},
    Suffix{"u", 1, kThousand* kThousand},
    Suffix{"m", 1, kThousand},
    Suffix{"k", kThousand, 1},
    Suffix{"M", kThousand* kThousand, 1},
    Suffix{"G", kThousand* kThousand* kThousand, 1},
    Suffix{"T", kThousand* kThousand* kThousand* kThousand, 1},
    Suffix{"P", kThousand* kThousand* kThousand* kThousand* kThousand, 1},
    Suffix{"E", kThousand* kThousand* kThousand* kThousand* kThousand* kThousand, 1},
};

Status Bad(std::string_view text) {
  return InvalidArgument(fmt::format("{} is not a quantity", Quote(text)));
}

}  // namespace

StatusOr<Decimal> ParseQuantity(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (!text.ends_with(suffix.text)) continue;
    const std::string_view digits = text.substr(0, text.size() - suffix.text.size());
    // 1Ei is no exponent, 1e3m no number.
    if (Contains(digits, "e") || Contains(digits, "E")) return Bad(text);
    const StatusOr<Decimal> number = Decimal::Parse(digits);
    if (!number.ok()) return Bad(text);
    const Decimal value = number->TimesRatio(suffix.numerator, suffix.denominator);
    if (value.TimesRatio(1, 2) > Decimal::FromInt(int64_t{1} << 62)) return Bad(text);
    return value;
  }
  const StatusOr<Decimal> number = Decimal::Parse(text);
  if (!number.ok()) return Bad(text);
  return *number;
}

StatusOr<Decimal> ParseMemoryGib(std::string_view text) {
  return TRY(ParseQuantity(text)).TimesRatio(1, kGibBytes);
}

}  // namespace outrider
