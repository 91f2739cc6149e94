// SPDX-License-Identifier: Apache-2.0
// An estimate of the electricity and carbon of running something, by stated factors that a user can
// replace: watts of a vCPU (between idle and full), of a GiB and of a GPU, PUE and the intensity of
// the region's grid. Pure; an estimate, so in doubles. Operation only: not the making of machines.
// Source of watts: Cloud Carbon Footprint's constants (AWS: 0.74 W and 3.5 W a vCPU, 0.392 W a GB);
// of PUE and grid: catalogue/carbon.csv.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct CarbonOptions {
  double core_idle_watts = 0.74;
  double core_max_watts = 3.5;
  double gib_watts = 0.392;
  double gpu_watts = 150;     // a GPU at work; a stated guess
  double utilisation = 0.5;   // of vCPUs, where it is not known
  std::optional<double> pue;  // otherwise that of the region
  std::optional<double> grams_per_kwh;
  friend bool operator==(const CarbonOptions&, const CarbonOptions&) = default;
};

// What is held, of which `cpu_utilisation` (0 to 1) is used.
struct CarbonLoad {
  double cores = 0;
  double memory_gib = 0;
  double gpus = 0;
  std::optional<double> cpu_utilisation = {};
};

struct CarbonEstimate {
  double watts = 0;  // at the plug: with PUE
  double kwh_per_month = 0;
  double kg_per_month = 0;  // CO2e
  double pue = 1;
  double grams_per_kwh = 0;
  std::string source;  // of the grid's intensity, with its date
};

// NotFound if neither the options nor the table know the region; names what is known.
StatusOr<CarbonEstimate> EstimateCarbon(const CarbonLoad& load, std::string_view provider,
                                        std::string_view region, const CarbonOptions& options);

// Reads the section `cost.carbon`; errors are remembered by `reader`.
void ReadCarbon(YamlReader& reader, CarbonOptions* options);

}  // namespace outrider
