// SPDX-License-Identifier: Apache-2.0
// What the same would cost elsewhere: another provider, region or instance family, a share of spot
// nodes, another number of replicas. Pure. What is held is priced per core, GiB and GPU: how full
// the nodes would be is not guessed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/pricing/carbon.h"
#include "rules/pricing/price_book.h"
#include "rules/pricing/pricer.h"
#include "storage/base/status.h"

namespace outrider {

// Of one workload, all pods together; storage stands for itself.
struct WhatIfHolding {
  std::string namespace_name = {};
  std::string workload = {};
  std::string workload_kind = {};
  int64_t pods = 1;
  Decimal cores = {};
  Decimal memory_gib = {};
  Decimal gpus = {};
  Decimal storage_gib = {};
  std::string storage_class = {};
  double used_cores = 0;  // for carbon
};

// What is not stated stays as it is.
struct WhatIfQuestion {
  std::string provider = {};
  std::string region = {};                 // with `provider` alone: its first
  std::string family = {};                 // m7g, n2d, amd_v5 ...
  std::optional<Decimal> spot_share = {};  // of compute, 0 to 1
  std::optional<int64_t> replicas = {};    // of every workload
};

struct WhatIfAmounts {  // dollars a month
  Money cpu;
  Money memory;
  Money gpu;
  Money storage;
  Money Total() const { return cpu + memory + gpu + storage; }
};

struct WhatIfRow {
  WhatIfHolding holding;
  Money now;  // a month, in cents of the book's currency; rows sum to the total
  Money what_if;
};

struct WhatIfSide {
  ResourcePrice price;  // on demand
  Decimal spot_share;
  Decimal spot_factor;  // on the price of the spot share
  WhatIfAmounts amounts;
  std::optional<CarbonEstimate> carbon;
};

struct WhatIf {
  WhatIfSide now;
  WhatIfSide then;
  std::vector<WhatIfRow> rows;  // as the holdings
  Money monthly_savings;        // in cents of the book's currency; negative: dearer
  Money annual_savings;
  Decimal savings_percent;
  std::vector<std::string> notes;  // what to know about the comparison
};

// InvalidArgument names the known providers, regions or families.
StatusOr<WhatIf> AskWhatIf(const std::vector<WhatIfHolding>& holdings,
                           const WhatIfQuestion& question, const PriceBook& book,
                           const Pricer& pricer);

}  // namespace outrider
