// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/what_if.h"

#include <algorithm>
#include <numeric>

#include "fmt/format.h"
#include "rules/pricing/core_price.h"
#include "rules/pricing/projection.h"

namespace outrider {
namespace {

constexpr int kCents = 2;

// The mean of the nodes there are, by their capacity.
class NodeMean {
 public:
  void Add(const NodeFacts& facts, const NodePrice& price) {
    ++count_;
    cpu_ += price.cpu;
    memory_ += price.memory;
    gpu_ += price.gpu;
    shape_.cores += facts.cores;
    shape_.memory_gib += facts.memory_gib;
    shape_.gpus += facts.gpus;
    source_ = std::max(source_, price.source);
  }
  // What no node tells stays as in `usual`.
  ResourcePrice Of(ResourcePrice usual) const {
    if (!shape_.cores.IsZero()) usual.rates.core_hour = cpu_.Over(shape_.cores);
    if (!shape_.memory_gib.IsZero()) usual.rates.gib_hour = memory_.Over(shape_.memory_gib);
    if (!shape_.gpus.IsZero()) usual.rates.gpu_hour = gpu_.Over(shape_.gpus);
    usual.source = source_;
    usual.detail = fmt::format("mean of {} nodes", count_);
    return usual;
  }
  bool empty() const { return count_ == 0; }

 private:
  int64_t count_ = 0;
  Money cpu_;
  Money memory_;
  Money gpu_;
  NodeShape shape_;
  PriceSource source_ = PriceSource::kUser;
};

// `on_demand`: spot nodes as if they were none.
std::optional<ResourcePrice> PriceOfNodes(const PriceBook& book, bool on_demand) {
  NodeMean mean;
  for (const auto& [name, node] : book.Nodes()) {
    if (!node.error.empty() || !ShapeOf(node.facts).Known()) continue;
    if (!on_demand || node.facts.capacity_type == CapacityType::kOnDemand) {
      mean.Add(node.facts, node.price);
      continue;
    }
    NodeFacts facts = node.facts;
    facts.capacity_type = CapacityType::kOnDemand;
    facts.name.clear();  // what OpenCost says is its price on spot
    if (const auto price = book.PriceOf(facts); price.ok()) mean.Add(facts, *price);
  }
  if (mean.empty()) return std::nullopt;
  return mean.Of(book.Default());
}

struct Sides {
  WhatIfSide now;
  WhatIfSide then;
  std::vector<std::string> notes;
};

bool Moves(const WhatIfQuestion& question) {
  return !question.provider.empty() || !question.region.empty() || !question.family.empty();
}

// Where it would be; the provider's first region if only the provider is named.
ResourcePrice PlaceOf(const WhatIfQuestion& question, const ResourcePrice& now) {
  ResourcePrice place;
  place.provider = question.provider.empty() ? now.provider : question.provider;
  place.region = question.region;
  if (place.region.empty() && place.provider == now.provider) place.region = now.region;
  return place;
}

// Where what is held now has no price but the default either: what both sides are compared by.
Status ChooseDefaults(const WhatIfQuestion& question, const ResourcePrice& place,
                      const ResourcePrice& usual, Sides* sides) {
  const bool only_now = sides->now.price.source == PriceSource::kDefault &&
                        sides->then.price.source != PriceSource::kDefault;
  if (!only_now) return absl::OkStatus();
  if (!question.family.empty()) {
    sides->notes.emplace_back(
        "the present region is not in the catalogue: its default per core "
        "and GiB is compared with a list price");
    return absl::OkStatus();
  }
  sides->then.price = TRY(FindCorePrice(place.provider, place.region));
  sides->then.price.rates.gpu_hour = usual.rates.gpu_hour;
  return absl::OkStatus();
}

// A list price is compared with list prices of the same kind: the same place costs the same.
Status ChoosePrices(const WhatIfQuestion& question, const PriceBook& book, const Pricer& pricer,
                    Sides* sides) {
  const ResourcePrice& usual = book.Default();
  const std::optional<ResourcePrice> nodes = PriceOfNodes(book, false);
  sides->now.price = nodes.value_or(usual);
  if (!Moves(question)) {
    sides->then.price =
        question.spot_share ? PriceOfNodes(book, true).value_or(usual) : sides->now.price;
    return absl::OkStatus();
  }
  const ResourcePrice place = PlaceOf(question, usual);
  sides->then.price =
      question.family.empty()
          ? TRY(pricer.ListPriceOf(place.provider, place.region))
          : TRY(pricer.FamilyPriceOf(place.provider, place.region, question.family));
  if (nodes || usual.source == PriceSource::kUser) {
    if (sides->then.price.source == PriceSource::kDefault) {
      sides->notes.emplace_back(
          "the region asked for is not in the catalogue: its price is the "
          "default per core and GiB, which is higher than lists");
    }
    return absl::OkStatus();
  }
  if (sides->then.price.source != PriceSource::kDefault) {
    sides->now.price = TRY(pricer.ListPriceOf(usual.provider, usual.region));
  }
  return ChooseDefaults(question, place, usual, sides);
}

// Lists do not tell which GPU it would be: their price there would be a guess, and the answer for
// most what it guesses.
void KeepGpuPrice(const std::vector<WhatIfHolding>& holdings, Sides* sides) {
  const bool any = std::ranges::any_of(
      holdings, [](const WhatIfHolding& holding) { return holding.gpus > Decimal(); });
  Money& then = sides->then.price.rates.gpu_hour;
  const Money now = sides->now.price.rates.gpu_hour;
  if (!any || sides->then.price.source == PriceSource::kUser || then == now || now.IsZero()) return;
  then = now;
  sides->notes.emplace_back(
      "GPUs cost what they cost now: what they would cost there is not known");
}

// A month instead of an hour, spot mixed in.
ResourceRates MonthlyOf(const WhatIfSide& side) {
  const Decimal one = 1_dec;
  const Decimal factor = one - side.spot_share + side.spot_share * side.spot_factor;
  const auto month = [factor](Money hour) { return hour * factor * kMonthHours; };
  return {month(side.price.rates.core_hour), month(side.price.rates.gib_hour),
          month(side.price.rates.gpu_hour)};
}

WhatIfAmounts AmountsOf(const WhatIfHolding& holding, const ResourceRates& month,
                        Money storage_month, const std::optional<int64_t>& replicas) {
  const int64_t pods = std::max<int64_t>(holding.pods, 1);
  const int64_t count = replicas.value_or(pods);
  const auto times = [&](Money price, Decimal quantity) {
    return (price * quantity).TimesRatio(count, pods);
  };
  return {times(month.core_hour, holding.cores), times(month.gib_hour, holding.memory_gib),
          times(month.gpu_hour, holding.gpus), storage_month * holding.storage_gib};
}

void Sum(const WhatIfAmounts& amounts, WhatIfAmounts* sum) {
  sum->cpu += amounts.cpu;
  sum->memory += amounts.memory;
  sum->gpu += amounts.gpu;
  sum->storage += amounts.storage;
}

void AddCarbon(const std::vector<WhatIfHolding>& holdings, const std::optional<int64_t>& replicas,
               const Pricer& pricer, WhatIfSide* side) {
  CarbonLoad load;
  double used = 0;
  for (const WhatIfHolding& holding : holdings) {
    const double scale = replicas ? static_cast<double>(*replicas) /
                                        static_cast<double>(std::max<int64_t>(holding.pods, 1))
                                  : 1;
    load.cores += holding.cores.ToDouble() * scale;
    load.memory_gib += holding.memory_gib.ToDouble() * scale;
    load.gpus += holding.gpus.ToDouble() * scale;
    used += holding.used_cores;
  }
  if (load.cores > 0 && used > 0) load.cpu_utilisation = std::min(used / load.cores, 1.0);
  const auto estimate =
      EstimateCarbon(load, side->price.provider, side->price.region, pricer.options().carbon);
  if (estimate.ok()) side->carbon = *estimate;
}

// Rows in cents that sum to the total in cents; of the currency.
void RoundRows(std::vector<Money> now, std::vector<Money> then, Decimal rate, WhatIf* answer) {
  for (std::vector<Money>* amounts : {&now, &then}) {
    for (Money& amount : *amounts) amount = amount * rate;
  }
  const std::vector<Money> now_cents = RoundParts(now, kCents);
  const std::vector<Money> then_cents = RoundParts(then, kCents);
  for (size_t i = 0; i < answer->rows.size(); ++i) {
    answer->rows[i].now = now_cents[i];
    answer->rows[i].what_if = then_cents[i];
  }
  const auto sum = [](const std::vector<Money>& cents) {
    return std::accumulate(cents.begin(), cents.end(), Money());
  };
  const Money before = sum(now_cents);
  answer->monthly_savings = before - sum(then_cents);
  answer->annual_savings = answer->monthly_savings * 12;
  answer->savings_percent = Percent(answer->monthly_savings, before);
}

Status CheckQuestion(const WhatIfQuestion& question) {
  if (question.spot_share && (question.spot_share->IsNegative() || *question.spot_share > 1_dec)) {
    return InvalidArgument("the spot share must be between 0 and 1");
  }
  if (question.replicas && *question.replicas < 0) {
    return InvalidArgument("replicas must not be negative");
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<WhatIf> AskWhatIf(const std::vector<WhatIfHolding>& holdings,
                           const WhatIfQuestion& question, const PriceBook& book,
                           const Pricer& pricer) {
  TRY(CheckQuestion(question));
  Sides sides;
  TRY(ChoosePrices(question, book, pricer, &sides));
  if (Moves(question)) KeepGpuPrice(holdings, &sides);
  WhatIf answer;
  answer.now = std::move(sides.now);
  answer.then = std::move(sides.then);
  answer.notes = std::move(sides.notes);
  const ResourcePrice& place = answer.then.price;
  answer.now.spot_factor = 1_dec;
  answer.then.spot_factor = pricer.SpotFactorOf(place.provider, place.region, question.family);
  answer.then.spot_share = question.spot_share.value_or(Decimal());
  const bool moves =
      place.provider != book.Default().provider || place.region != book.Default().region;
  std::vector<Money> now;
  std::vector<Money> then;
  const ResourceRates now_month = MonthlyOf(answer.now);
  const ResourceRates then_month = MonthlyOf(answer.then);
  for (const WhatIfHolding& holding : holdings) {
    const UnitPrice disk = book.Storage(holding.storage_class);
    const UnitPrice other =
        moves ? pricer.ListStorage(place.provider, place.region, holding.storage_class) : disk;
    const WhatIfAmounts before =
        AmountsOf(holding, now_month, disk.amount * kMonthHours, std::nullopt);
    const WhatIfAmounts after =
        AmountsOf(holding, then_month, other.amount * kMonthHours, question.replicas);
    Sum(before, &answer.now.amounts);
    Sum(after, &answer.then.amounts);
    now.push_back(before.Total());
    then.push_back(after.Total());
    answer.rows.push_back({holding, Money(), Money()});
  }
  RoundRows(std::move(now), std::move(then), book.currency().rate, &answer);
  AddCarbon(holdings, std::nullopt, pricer, &answer.now);
  AddCarbon(holdings, question.replicas, pricer, &answer.then);
  return answer;
}

}  // namespace outrider
