// SPDX-License-Identifier: Apache-2.0
// `cost.recommendations` of outrider.yml.
#include "rules/capacity/recommend_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace outrider {
namespace {

StatusOr<RecommendOptions> Read(const std::string& text) {
  const YamlNode root = TRY(ParseYaml(text, "outrider.yml"));
  YamlReader r(root, "outrider.yml", "cost");
  RecommendOptions options;
  ReadRecommendOptions(r, "outrider.yml", &options);
  TRY(r.Finish());
  return options;
}

TEST(RecommendOptions, DefaultsAndAllKeys) {
  const auto none = Read("");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, RecommendOptions());
  EXPECT_EQ(none->policy, "adaptive");
  EXPECT_EQ(none->cpu.hysteresis, 0.1);
  const auto all = Read(
      "recommendations:\n"
      "  policy: vpa\n"
      "  hysteresis: 0.2\n"
      "  cpu: {minimum: 0.05, maximum: 8, largest_step: 2}\n"
      "  memory: {minimum: 64MiB, maximum: 16GiB, largest_step: 1.5}\n");
  ASSERT_TRUE(all.ok()) << Message(all.status());
  EXPECT_EQ(all->policy, "vpa");
  EXPECT_EQ(all->cpu, (GuardRails{0.05, 8, 2, 0.2}));
  EXPECT_EQ(all->memory, (GuardRails{64.0 * (1 << 20), 16.0 * (1 << 30), 1.5, 0.2}));
}

TEST(RecommendOptions, ErrorsSayWhere) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {
      {"recommendations:\n  policy: magic\n", "outrider.yml:2:11: unknown recommendation policy"},
      {"recommendations:\n  hysteresis: 1\n", "outrider.yml:2:15: hysteresis must be"},
      {"recommendations:\n  cpu: {largest_step: 1}\n", "outrider.yml:2:23: largest_step must be"},
      {"recommendations:\n  cpu: {minimum: 2, maximum: 1}\n", "outrider.yml:2:30: maximum must"},
      {"recommendations:\n  cpu: {minimum: -1}\n", "outrider.yml:2:18: minimum must"},
      {"recommendations:\n  memory: {minimum: much}\n", "outrider.yml:2:21"},
      {"recommendations:\n  cpus: 2\n", "outrider.yml:2:3"},
  };
  for (const Case& c : cases) {
    const auto read = Read(c.text);
    ASSERT_FALSE(read.ok()) << c.text;
    EXPECT_THAT(Message(read.status()), testing::HasSubstr(c.error));
  }
}

}  // namespace
}  // namespace outrider
