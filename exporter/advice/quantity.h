// SPDX-License-Identifier: Apache-2.0
// Kubernetes quantities as text. Source: specs/cost_and_rightsizing.md §5 (CPU up to 1 m, memory up
// to MiB), specs/source_systems.md §1.7 (what other parsers get wrong). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outrider {

enum class Resource;

// Rounded up to millicores: "250m", "1500m", "2". Negative amounts (differences) keep their sign.
std::string CpuQuantity(double cores);
// Rounded up to MiB: "300Mi", "2Gi" where it is whole.
std::string MemoryQuantity(double bytes);
std::string QuantityText(Resource resource, double amount);

// A quantity as Kubernetes reads it: decimal digits with n u m k M G T P E, Ki Mi Gi Ti Pi Ei or a
// decimal exponent. Nothing for what Kubernetes would refuse.
std::optional<double> ParseQuantity(std::string_view text);

}  // namespace outrider
