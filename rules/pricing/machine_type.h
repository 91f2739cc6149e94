// SPDX-License-Identifier: Apache-2.0
// What the name of a machine type and the ids of a node say: family, size, region. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/pricing/money.h"

namespace outrider {

// Azure's types without "Standard_"; others as they are.
std::string_view PlainType(std::string_view provider, std::string_view type);
// What precedes the size: m7i of m7i.xlarge, n2 of n2-standard-4, Ds_v5 of Standard_D4s_v5.
std::string FamilyOfType(std::string_view provider, std::string_view type);
// The name of the fit that a type belongs to: 7i of m7i.large, c7i.large and r7i.large, intel_v5 of
// D8s_v5; gcp: the family. "": none.
std::string FitOfType(std::string_view provider, std::string_view type);

struct MachineShape {
  Decimal cores;
  Decimal memory_gib;
  bool predefined = true;  // gcp: not a custom type
  Decimal gpus = {};       // that the type always has
};
// What the name alone says (n2-standard-4, D4s_v5). The machine's nominal size: kernels report a
// little less memory than the provider charges. nullopt: the name does not say.
std::optional<MachineShape> ShapeOfType(std::string_view provider, std::string_view type);

// us-east-1 of us-east-1a, us-central1 of us-central1-b, eastus of eastus-1; "" of anything else.
std::string RegionOfZone(std::string_view provider, std::string_view zone);

struct ProviderId {
  std::string provider;  // aws, gcp, azure; "" where it is none of them (kind://, k3s:// ...)
  std::string zone;
};
// aws:///us-east-1a/i-0abc, gce://project/us-central1-b/name, azure:///subscriptions/...
ProviderId ReadProviderId(std::string_view provider_id);

}  // namespace outrider
