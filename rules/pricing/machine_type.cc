// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/machine_type.h"

#include <algorithm>
#include <array>
#include <vector>

#include "storage/base/text.h"

namespace outrider {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

constexpr std::string_view kStandard = "Standard_";

// Azure: family letters, vCPUs, features, version: D 4 as v5.
struct AzureType {
  std::string_view letters;
  std::string_view cores;
  std::string_view features;
  std::string_view version;  // v5; "" for the first
};

AzureType SplitAzure(std::string_view type) {
  AzureType parts;
  size_t at = 0;
  while (at < type.size() && !IsDigit(type[at])) ++at;
  parts.letters = type.substr(0, at);
  type.remove_prefix(at);
  for (at = 0; at < type.size() && IsDigit(type[at]);) ++at;
  parts.cores = type.substr(0, at);
  type.remove_prefix(at);
  const size_t underscore = type.rfind("_v");
  parts.features = type.substr(0, underscore);
  if (underscore != std::string_view::npos) parts.version = type.substr(underscore + 1);
  return parts;
}

// GiB for a vCPU of predefined types.
struct GcpRatio {
  std::string_view family;
  std::string_view kind;
  Decimal gib_per_core;
};
constexpr std::array kGcpRatios = {
    GcpRatio{"e2", "standard", 4_dec},  GcpRatio{"e2", "highmem", 8_dec},
    GcpRatio{"e2", "highcpu", 1_dec},   GcpRatio{"n1", "standard", 3.75_dec},
    GcpRatio{"n1", "highmem", 6.5_dec}, GcpRatio{"n1", "highcpu", 0.9_dec},
    GcpRatio{"n2", "standard", 4_dec},  GcpRatio{"n2", "highmem", 8_dec},
    GcpRatio{"n2", "highcpu", 1_dec},   GcpRatio{"n2d", "standard", 4_dec},
    GcpRatio{"n2d", "highmem", 8_dec},  GcpRatio{"n2d", "highcpu", 1_dec},
    GcpRatio{"t2d", "standard", 4_dec}, GcpRatio{"n4", "standard", 4_dec},
    GcpRatio{"n4", "highmem", 8_dec},   GcpRatio{"n4", "highcpu", 2_dec},
    GcpRatio{"n4d", "standard", 4_dec}, GcpRatio{"n4d", "highmem", 8_dec},
    GcpRatio{"n4d", "highcpu", 2_dec},  GcpRatio{"c2", "standard", 4_dec},
    GcpRatio{"c2d", "standard", 4_dec}, GcpRatio{"c2d", "highmem", 8_dec},
    GcpRatio{"c2d", "highcpu", 2_dec},  GcpRatio{"c3", "standard", 4_dec},
    GcpRatio{"c3", "highmem", 8_dec},   GcpRatio{"c3", "highcpu", 2_dec},
    GcpRatio{"c3d", "standard", 4_dec}, GcpRatio{"c3d", "highmem", 8_dec},
    GcpRatio{"c3d", "highcpu", 2_dec},  GcpRatio{"g2", "standard", 4_dec},
};

std::optional<MachineShape> GcpShape(std::string_view type) {
  const auto parts = Split(type, '-');
  if (parts.size() == 4 && parts[1] == "custom") {  // n2-custom-4-8192
    const auto cores = Decimal::Parse(parts[2]);
    const auto mib = Decimal::Parse(parts[3]);
    if (!cores.ok() || !mib.ok()) return std::nullopt;
    return MachineShape{*cores, mib->TimesRatio(1, 1024), false};
  }
  if (parts.size() != 3) return std::nullopt;
  if (parts[0] == "a2" && parts[1] == "highgpu" && parts[2].ends_with('g')) {
    const auto gpus = ParseInt(parts[2].substr(0, parts[2].size() - 1));
    if (!gpus.ok() || *gpus < 1 || *gpus > 8) return std::nullopt;
    return MachineShape{Decimal::FromInt(12 * *gpus), Decimal::FromInt(85 * *gpus), true,
                        Decimal::FromInt(*gpus)};
  }
  const auto found = std::ranges::find_if(kGcpRatios, [&](const GcpRatio& ratio) {
    return ratio.family == parts[0] && ratio.kind == parts[1];
  });
  const auto cores = Decimal::Parse(parts[2]);
  if (found == kGcpRatios.end() || !cores.ok()) return std::nullopt;
  return MachineShape{*cores, *cores * found->gib_per_core};
}

std::optional<MachineShape> AzureShape(std::string_view type) {
  const AzureType parts = SplitAzure(type);
  const auto cores = Decimal::Parse(parts.cores);
  if (!cores.ok() || parts.version.empty()) return std::nullopt;
  const bool low_memory = Contains(parts.features, "l");
  Decimal ratio;
  if (parts.letters == "D") ratio = low_memory ? 2_dec : 4_dec;
  if (parts.letters == "E") ratio = 8_dec;
  if (parts.letters == "F") ratio = 2_dec;
  if (ratio.IsZero()) return std::nullopt;
  return MachineShape{*cores, *cores * ratio};
}

}  // namespace

std::string_view PlainType(std::string_view provider, std::string_view type) {
  if (provider == "azure" && type.starts_with(kStandard)) type.remove_prefix(kStandard.size());
  return type;
}

std::string FamilyOfType(std::string_view provider, std::string_view type) {
  type = PlainType(provider, type);
  if (provider == "azure") {
    const AzureType parts = SplitAzure(type);
    if (parts.cores.empty()) return "";
    return std::string(parts.letters) + std::string(parts.features) +
           (parts.version.empty() ? "" : "_" + std::string(parts.version));
  }
  const size_t end = type.find(provider == "aws" ? '.' : '-');
  return end == std::string_view::npos ? "" : std::string(type.substr(0, end));
}

std::string FitOfType(std::string_view provider, std::string_view type) {
  std::string family = FamilyOfType(provider, type);
  if (provider == "gcp") return family;
  if (provider == "aws") {
    const bool known = family.size() >= 2 && Contains("mcr", family.substr(0, 1));
    return known && IsDigit(family[1]) ? family.substr(1) : "";
  }
  if (provider != "azure") return "";
  const AzureType parts = SplitAzure(PlainType(provider, type));
  if (parts.letters != "D" && parts.letters != "E") return "";
  const bool amd = Contains(parts.features, "a");
  const bool arm = Contains(parts.features, "p");
  if (parts.version == "v5" && arm) return "arm_v5";
  if (parts.version == "v5" && amd) return "amd_v5";
  if (amd || arm) return "";
  if (parts.version == "v3" || parts.version == "v4" || parts.version == "v5") return "intel_v5";
  return parts.version == "v6" ? "intel_v6" : "";
}

std::optional<MachineShape> ShapeOfType(std::string_view provider, std::string_view type) {
  if (provider == "gcp") return GcpShape(type);
  if (provider == "azure") return AzureShape(PlainType(provider, type));
  return std::nullopt;
}

std::string RegionOfZone(std::string_view provider, std::string_view zone) {
  if (provider == "aws") {
    // us-east-1a; local zones (us-west-2-lax-1a) belong to the region they begin with.
    size_t dashes = 0;
    for (size_t at = 0; at < zone.size(); ++at) {
      if (zone[at] == '-') ++dashes;
      if (dashes < 2 || !IsDigit(zone[at])) continue;
      while (at < zone.size() && IsDigit(zone[at])) ++at;
      return std::string(zone.substr(0, at));
    }
    return "";
  }
  const size_t dash = zone.rfind('-');
  if (dash == std::string_view::npos || dash + 2 != zone.size()) return "";
  const char last = zone.back();
  const bool right = provider == "gcp" ? IsLower(last) : provider == "azure" && IsDigit(last);
  return right ? std::string(zone.substr(0, dash)) : "";
}

ProviderId ReadProviderId(std::string_view provider_id) {
  const size_t colon = provider_id.find("://");
  if (colon == std::string_view::npos) return {};
  const std::string_view scheme = provider_id.substr(0, colon);
  const auto parts = Split(provider_id.substr(colon + 3), '/');
  if (scheme == "aws") return {"aws", parts.size() > 2 ? std::string(parts[1]) : ""};
  if (scheme == "gce") return {"gcp", parts.size() > 2 ? std::string(parts[1]) : ""};
  if (scheme == "azure") return {"azure", ""};
  return {};
}

}  // namespace outrider
