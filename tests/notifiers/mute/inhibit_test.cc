// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mute/inhibit.h"

#include <gtest/gtest.h>

#include "storage/base/random.h"

namespace outrider {
namespace {

InhibitRuleConfig Rule(std::string_view source, std::string_view target,
                       std::vector<std::string> equal) {
  return {"", *ParseMatchers(source), *ParseMatchers(target), std::move(equal)};
}

const Labels kCritical = {{"alertname", "A"}, {"s", "critical"}, {"c", "1"}};
const Labels kWarning = {{"alertname", "A"}, {"s", "warning"}, {"c", "1"}};
const Labels kElsewhere = {{"alertname", "A"}, {"s", "warning"}, {"c", "2"}};

TEST(Inhibitor, SourceMutesTargetWithEqualLabels) {
  Inhibitor inhibitor({Rule("s=critical", "s=warning", {"alertname", "c"})});
  EXPECT_FALSE(inhibitor.InhibitedBy(kWarning));
  inhibitor.SetFiring(kCritical, true);
  EXPECT_EQ(inhibitor.InhibitedBy(kWarning), kCritical.Fingerprint());
  EXPECT_FALSE(inhibitor.InhibitedBy(kElsewhere));
  EXPECT_FALSE(inhibitor.InhibitedBy(kCritical));
  inhibitor.SetFiring(kCritical, false);
  EXPECT_FALSE(inhibitor.InhibitedBy(kWarning));
}

TEST(Inhibitor, AMissingLabelEqualsAnEmptyOne) {
  Inhibitor inhibitor({Rule("s=critical", "s=warning", {"zone"})});
  inhibitor.SetFiring(kCritical, true);
  EXPECT_TRUE(inhibitor.InhibitedBy(kWarning));
  EXPECT_FALSE(inhibitor.InhibitedBy(kWarning.With("zone", "z")));
}

TEST(Inhibitor, AnotherSourceStillMutes) {
  Inhibitor inhibitor({Rule("s=critical", "s=warning", {})});
  const Labels second = kCritical.With("c", "2");
  inhibitor.SetFiring(kCritical, true);
  inhibitor.SetFiring(kCritical, true);
  inhibitor.SetFiring(second, true);
  inhibitor.SetFiring(kCritical, false);
  EXPECT_EQ(inhibitor.InhibitedBy(kWarning), second.Fingerprint());
  inhibitor.SetFiring(second, false);
  inhibitor.SetFiring(second, false);
  EXPECT_FALSE(inhibitor.InhibitedBy(kWarning));
}

TEST(Inhibitor, WhatMatchesBothSidesIsMutedOnlyByOneSidedSources) {
  Inhibitor inhibitor({Rule("s=~\"critical|warning\"", "s=~\"warning|info\"", {"c"})});
  const Labels info = kWarning.With("s", "info");
  inhibitor.SetFiring(kWarning, true);
  EXPECT_FALSE(inhibitor.InhibitedBy(kWarning)) << "itself";
  EXPECT_FALSE(inhibitor.InhibitedBy(kWarning.With("x", "y"))) << "one of its kind";
  EXPECT_EQ(inhibitor.InhibitedBy(info), kWarning.Fingerprint());
  inhibitor.SetFiring(kCritical, true);
  EXPECT_EQ(inhibitor.InhibitedBy(kWarning), kCritical.Fingerprint());
}

TEST(Inhibitor, NullRuleNeverMutes) {
  Inhibitor inhibitor({InhibitRuleConfig{}});
  inhibitor.SetFiring(kCritical, true);
  inhibitor.SetFiring(kWarning, true);
  EXPECT_FALSE(inhibitor.InhibitedBy(kWarning));
}

TEST(Inhibitor, FirstRuleNamesTheSource) {
  const Labels other = {{"alertname", "B"}};
  Inhibitor inhibitor({Rule("alertname=B", "s=warning", {}), Rule("s=critical", "s=warning", {})});
  inhibitor.SetFiring(kCritical, true);
  inhibitor.SetFiring(other, true);
  EXPECT_EQ(inhibitor.InhibitedBy(kWarning), other.Fingerprint());
}

// The definition, written down as it stands in the specification.
bool MutedByDefinition(const std::vector<InhibitRuleConfig>& rules, const std::set<Labels>& firing,
                       const Labels& target) {
  for (const InhibitRuleConfig& rule : rules) {
    if (!MatchesAll(rule.target_matchers, target)) continue;
    for (const Labels& source : firing) {
      bool equal = MatchesAll(rule.source_matchers, source);
      for (const std::string& name : rule.equal) {
        equal = equal && source.Get(name) == target.Get(name);
      }
      const bool both =
          MatchesAll(rule.source_matchers, target) && MatchesAll(rule.target_matchers, source);
      if (equal && !both) return true;
    }
  }
  return false;
}

TEST(Inhibitor, AgreesWithTheDefinition) {
  const std::string_view sides[] = {"a=1", "a=~\"1|2\"", "b=1", "a!=2,b!=\"\"", ""};
  const std::string_view values[] = {"", "1", "2"};
  SeededRandom random(7);
  const auto pick = [&random](auto& from) { return from[random.Next() % std::size(from)]; };
  for (int round = 0; round < 50; ++round) {
    std::vector<InhibitRuleConfig> rules;
    for (int i = 0; i < 2; ++i) {
      std::vector<std::string> equal;
      if (random.Next() % 2 == 0) equal.emplace_back("c");
      rules.push_back(Rule(pick(sides), pick(sides), std::move(equal)));
    }
    Inhibitor inhibitor(rules);
    std::set<Labels> firing;
    for (int step = 0; step < 60; ++step) {
      const Labels alert = {{"a", pick(values)}, {"b", pick(values)}, {"c", pick(values)}};
      const bool fires = random.Next() % 3 != 0;
      inhibitor.SetFiring(alert, fires);
      fires ? static_cast<void>(firing.insert(alert)) : static_cast<void>(firing.erase(alert));
      const Labels target = {{"a", pick(values)}, {"b", pick(values)}, {"c", pick(values)}};
      ASSERT_EQ(inhibitor.InhibitedBy(target).has_value(), MutedByDefinition(rules, firing, target))
          << "round " << round << " step " << step << " " << target.ToString();
    }
  }
}

}  // namespace
}  // namespace outrider
