// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/value.h"

namespace outrider::promql {

std::string_view ValueTypeText(ValueType type) {
  switch (type) {
    case ValueType::kNone:
      return "none";
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "instant vector";
    case ValueType::kMatrix:
      return "range vector";
    case ValueType::kString:
      return "string";
  }
  return "none";
}

}  // namespace outrider::promql
