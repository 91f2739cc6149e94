// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend_options.h"

#include "fmt/format.h"
#include "rules/capacity/recommend/policy.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

void ReadStep(YamlReader& r, GuardRails* rails) {
  r.Double("largest_step", &rails->largest_step);
  if (rails->largest_step != 0 && !(rails->largest_step > 1)) {
    r.Fail("largest_step", "largest_step must be more than 1 (2: at most twice, at least half)");
  }
  if (!(rails->minimum >= 0)) r.Fail("minimum", "minimum must not be negative");
  if (rails->maximum != 0 && !(rails->maximum >= rails->minimum)) {
    r.Fail("maximum", "maximum must not be below minimum");
  }
}

void ReadCores(YamlReader& r, GuardRails* rails) {
  r.Double("minimum", &rails->minimum);
  r.Double("maximum", &rails->maximum);
  ReadStep(r, rails);
}

void ReadBytes(YamlReader& r, GuardRails* rails) {
  int64_t bytes = 0;
  if (r.Size("minimum", &bytes)) rails->minimum = static_cast<double>(bytes);
  if (r.Size("maximum", &bytes)) rails->maximum = static_cast<double>(bytes);
  ReadStep(r, rails);
}

void ReadRails(YamlReader& r, const std::string& file, const std::string& key,
               void (*read)(YamlReader&, GuardRails*), GuardRails* rails) {
  const YamlNode* node = r.Child(key);
  if (node == nullptr) return;
  YamlReader inner(*node, file, "cost.recommendations." + key);
  read(inner, rails);
  if (Status status = inner.Finish(); !status.ok()) r.Fail(status);
}

}  // namespace

void ReadRecommendOptions(YamlReader& r, const std::string& file, RecommendOptions* options) {
  const YamlNode* node = r.Child("recommendations");
  if (node == nullptr) return;
  YamlReader inner(*node, file, "cost.recommendations");
  inner.String("policy", &options->policy);
  if (FindPolicy(options->policy) == nullptr) {
    inner.Fail("policy", fmt::format("unknown recommendation policy {}; known: {}",
                                     Quote(options->policy), Join(PolicyNames(), ", ")));
  }
  double hysteresis = options->cpu.hysteresis;
  inner.Double("hysteresis", &hysteresis);
  if (!(hysteresis >= 0) || !(hysteresis < 1)) {
    inner.Fail("hysteresis", "hysteresis must be from 0 (none) to below 1");
  }
  options->cpu.hysteresis = options->memory.hysteresis = hysteresis;
  ReadRails(inner, file, "cpu", ReadCores, &options->cpu);
  ReadRails(inner, file, "memory", ReadBytes, &options->memory);
  if (Status status = inner.Finish(); !status.ok()) r.Fail(status);
}

}  // namespace outrider
