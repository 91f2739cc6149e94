// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/price.h"

namespace outrider {

std::string_view PriceSourceText(PriceSource source) {
  switch (source) {
    using enum PriceSource;
    case kUser:
      return "user";
    case kOpenCost:
      return "opencost";
    case kKarpenter:
      return "karpenter";
    case kCatalogue:
      return "catalogue";
    case kFamilyFit:
      return "family_fit";
    case kShapeFit:
      return "shape_fit";
    case kDefault:
      return "default";
  }
  return "";
}

std::string_view CapacityTypeText(CapacityType type) {
  return type == CapacityType::kSpot ? "spot" : "on-demand";
}

std::string_view EgressText(Egress kind) {
  switch (kind) {
    using enum Egress;
    case kZone:
      return "zone";
    case kRegion:
      return "region";
    case kInternet:
      return "internet";
  }
  return "";
}

}  // namespace outrider
