// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/on_prem.h"

#include <cmath>

#include "fmt/format.h"
#include "rules/pricing/node_split.h"
#include "rules/pricing/yaml_money.h"

namespace outrider {

OnPremCost OnPremHourly(const OnPremOptions& options) {
  OnPremCost cost;
  const double annuity =
      options.interest > 0 ? options.interest / (1 - std::pow(1 + options.interest, -options.years))
                           : 1 / options.years;
  cost.capital = options.server_price * annuity / kHoursPerYear;
  const double watts =
      options.idle_watts + (options.max_watts - options.idle_watts) * options.utilisation;
  cost.power = watts / 1000 * options.pue * options.kwh_price;
  cost.operation = (options.maintenance * options.server_price + options.rack_month * 12 +
                    options.network_year + options.admin_year / options.servers) /
                   kHoursPerYear;
  return cost;
}

NodePrice OnPremNode(const OnPremOptions& options) {
  const ResourceRates base = {Money::FromDouble(options.core_to_gib_ratio), Money::FromInt(1),
                              Money::FromDouble(options.gpu_to_gib_ratio)};
  NodePrice price = SplitNodePrice(Money::FromDouble(OnPremHourly(options).Total()),
                                   {options.cores, options.memory_gib, options.gpus}, base);
  price.source = PriceSource::kUser;
  price.detail = fmt::format("cost.on_prem: {} $/h over the capacity of {} cores and {} GiB",
                             price.hourly.Text(4), options.cores.Text(), options.memory_gib.Text());
  return price;
}

void ReadOnPrem(YamlReader& reader, OnPremOptions* options) {
  struct Field {
    const char* key;
    double* value;
    double least;
    double most;
  };
  constexpr double kAny = 1e12;
  const Field fields[] = {
      {"server_price", &options->server_price, 0, kAny},
      {"years", &options->years, 0.1, 100},
      {"interest", &options->interest, 0, 1},
      {"idle_watts", &options->idle_watts, 0, kAny},
      {"max_watts", &options->max_watts, 0, kAny},
      {"utilisation", &options->utilisation, 0, 1},
      {"pue", &options->pue, 1, 10},
      {"kwh_price", &options->kwh_price, 0, kAny},
      {"maintenance", &options->maintenance, 0, 1},
      {"rack_month", &options->rack_month, 0, kAny},
      {"network_year", &options->network_year, 0, kAny},
      {"admin_year", &options->admin_year, 0, kAny},
      {"servers", &options->servers, 1, kAny},
      {"core_to_gib_ratio", &options->core_to_gib_ratio, 0.001, 1e6},
      {"gpu_to_gib_ratio", &options->gpu_to_gib_ratio, 0.001, 1e6},
  };
  for (const Field& field : fields) {
    reader.Double(field.key, field.value);
    const bool within = *field.value >= field.least && *field.value <= field.most;  // NaN is not
    if (!within) {
      reader.Fail(field.key,
                  fmt::format("{} must be between {} and {}", field.key, field.least, field.most));
    }
  }
  ReadDecimal(reader, "cores", &options->cores);
  ReadDecimal(reader, "memory_gib", &options->memory_gib);
  ReadDecimal(reader, "gpus", &options->gpus);
  if (options->max_watts < options->idle_watts) {
    reader.Fail("max_watts", "max_watts must not be less than idle_watts");
  }
  if (options->server_price <= 0) {
    reader.Fail("server_price", "on_prem needs server_price, in dollars");
  }
  if (options->cores <= Decimal() || options->memory_gib <= Decimal()) {
    reader.Fail("cores", "on_prem needs cores and memory_gib: what the server offers");
  }
}

}  // namespace outrider
