// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/demo_world.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "exporter/cli/demo_config.h"
#include "exporter/daemon/loader.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'795'000'000'000;

std::map<Labels, double> Scrape(const DemoWorld& world, Timestamp now) {
  std::map<Labels, double> out;
  for (const LabeledSample& sample : world.At(now)) {
    EXPECT_EQ(sample.sample.time, now);
    EXPECT_TRUE(out.emplace(sample.labels, sample.sample.value).second) << sample.labels.ToString();
  }
  return out;
}

TEST(DemoWorld, CountersOnlyGrow) {
  const DemoWorld world(kStart);
  std::map<Labels, double> last = Scrape(world, kStart - kMinute);
  EXPECT_GT(last.size(), 100u);
  for (Timestamp t = kStart - kMinute; t < kStart + 3 * kMinute; t += 2 * kSecond) {
    std::map<Labels, double> next = Scrape(world, t);
    ASSERT_EQ(next.size(), last.size());
    for (const auto& [labels, value] : next) {
      const std::string_view name = labels.MetricName();
      if (name.ends_with("_total") || name.ends_with("_bucket") || name.ends_with("_count")) {
        EXPECT_GE(value, last.at(labels)) << labels.ToString() << " at " << t;
      }
    }
    last = std::move(next);
  }
}

TEST(DemoWorld, CheckoutFailsForAWhile) {
  const DemoWorld world(kStart);
  const auto errors = [&](DurationMs from, DurationMs to) {
    const Labels labels{{"__name__", "http_requests_total"},
                        {"cluster", "demo"},
                        {"code", "500"},
                        {"job", "shop"},
                        {"namespace", "shop"},
                        {"service", "checkout"}};
    return Scrape(world, kStart + to).at(labels) - Scrape(world, kStart + from).at(labels);
  };
  EXPECT_LT(errors(-30 * kSecond, 0), 5);
  EXPECT_GT(errors(20 * kSecond, 50 * kSecond), 150);
  EXPECT_LT(errors(70 * kSecond, 100 * kSecond), 5);
}

TEST(DemoConfig, Loads) {
  const std::string directory = ::testing::TempDir() + "demo_config";
  ASSERT_TRUE(MakeDirectories(directory).ok());
  ASSERT_TRUE(WriteDemoConfig(directory).ok());
  const auto files = LoadFiles(directory + "/outrider.yml");
  ASSERT_TRUE(files.ok()) << files.status();
  for (const RuleFile& file : files->rules) EXPECT_EQ(file.ProblemText(), "");
  for (const Entry& entry : files->entries) EXPECT_EQ(entry.error, "") << entry.name;
}

}  // namespace
}  // namespace outrider
