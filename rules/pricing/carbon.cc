// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/carbon.h"

#include <vector>

#include "fmt/format.h"
#include "rules/pricing/catalogue_data.h"
#include "rules/pricing/csv_table.h"
#include "rules/pricing/price.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// NaN is nowhere.
bool Within(double value, double least, double most) { return value >= least && value <= most; }

struct Grid {
  double grams_per_kwh = 0;
  double pue = 1;
  std::string source;
};

StatusOr<Grid> FindGrid(std::string_view provider, std::string_view region) {
  const CsvTable table = TRY(CsvTable::Parse(CarbonCsv(), "carbon.csv"));
  std::vector<std::string> known;
  for (const CsvTable::Row& row : table.rows()) {
    const std::string_view of = table.Get(row, "provider");
    const std::string_view where = table.Get(row, "region");
    known.push_back(fmt::format("{} {}", of, where));
    if (of != provider || where != region) continue;
    return Grid{TRY(ParseDouble(table.Get(row, "grams_per_kwh"))),
                TRY(ParseDouble(table.Get(row, "pue"))),
                fmt::format("{}, {}", table.Get(row, "source"), table.Get(row, "dated"))};
  }
  return NotFound(
      fmt::format("no carbon intensity of {} {}; known: {}; state carbon.grams_per_kwh "
                  "and carbon.pue",
                  provider, region, Join(known, ", ")));
}

}  // namespace

StatusOr<CarbonEstimate> EstimateCarbon(const CarbonLoad& load, std::string_view provider,
                                        std::string_view region, const CarbonOptions& options) {
  Grid grid = {0, 1, "stated"};
  if (!options.grams_per_kwh || !options.pue) grid = TRY(FindGrid(provider, region));
  if (options.grams_per_kwh) grid.source = "stated";
  CarbonEstimate estimate;
  estimate.pue = options.pue.value_or(grid.pue);
  estimate.grams_per_kwh = options.grams_per_kwh.value_or(grid.grams_per_kwh);
  estimate.source = std::move(grid.source);
  const double busy = load.cpu_utilisation.value_or(options.utilisation);
  const double core_watts =
      options.core_idle_watts + (options.core_max_watts - options.core_idle_watts) * busy;
  estimate.watts = (load.cores * core_watts + load.memory_gib * options.gib_watts +
                    load.gpus * options.gpu_watts) *
                   estimate.pue;
  estimate.kwh_per_month = estimate.watts / 1000 * kHoursPerMonth;
  estimate.kg_per_month = estimate.kwh_per_month * estimate.grams_per_kwh / 1000;
  return estimate;
}

void ReadCarbon(YamlReader& reader, CarbonOptions* options) {
  const std::pair<std::string_view, double*> watts[] = {
      {"core_idle_watts", &options->core_idle_watts},
      {"core_max_watts", &options->core_max_watts},
      {"gib_watts", &options->gib_watts},
      {"gpu_watts", &options->gpu_watts},
  };
  for (const auto& [key, value] : watts) {
    reader.Double(key, value);
    if (!Within(*value, 0, 1e6)) {
      reader.Fail(key, fmt::format("{} must be watts, not negative", key));
    }
  }
  reader.Double("utilisation", &options->utilisation);
  if (!Within(options->utilisation, 0, 1)) {
    reader.Fail("utilisation", "utilisation must be between 0 and 1");
  }
  double number = 0;
  if (reader.Double("pue", &number)) {
    options->pue = number;
    if (!Within(number, 1, 10)) reader.Fail("pue", "pue must be between 1 and 10");
  }
  if (reader.Double("grams_per_kwh", &number)) {
    options->grams_per_kwh = number;
    if (!Within(number, 0, 1e5)) {
      reader.Fail("grams_per_kwh", "grams_per_kwh must not be negative");
    }
  }
}

}  // namespace outrider
