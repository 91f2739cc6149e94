// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/policy_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Nanos kNow = 1'790'000'000LL * kNanosPerSecond;

// Every interval named "on" is active, others are not.
bool OnIsActive(const std::vector<std::string>& names, Nanos /*time*/) {
  for (const std::string& name : names) {
    if (name == "on") return true;
  }
  return false;
}

// What the index must agree with: one policy after the other.
const EscalationPolicy* Walk(const std::vector<EscalationPolicy>& policies, Severity severity,
                             const Labels& labels) {
  for (const EscalationPolicy& policy : policies) {
    if (PolicyMatches(policy, severity, labels, kNow, OnIsActive)) return &policy;
  }
  return nullptr;
}

std::string NameOf(const EscalationPolicy* policy) { return policy == nullptr ? "" : policy->name; }

EscalationPolicy Named(const char* name) {
  EscalationPolicy policy;
  policy.name = name;
  return policy;
}

TEST(PolicyIndex, TakesTheFirstWhoseConditionsHold) {
  std::vector<EscalationPolicy> policies = {Named("db nights"), Named("db"), Named("critical"),
                                            Named("rest")};
  policies[0].match = {Matcher::Equal("team", "db")};
  policies[0].active_time_intervals = {"off"};
  policies[1].match = {Matcher::Equal("team", "db"),
                       *Matcher::Create(MatchType::kRegex, "env", "prod|stage")};
  policies[2].severities = {Severity::kCritical};
  const PolicyIndex index(policies, OnIsActive);
  const struct {
    Labels labels;
    Severity severity;
    const char* policy;
  } kRows[] = {
      {{{"team", "db"}, {"env", "prod"}}, Severity::kLow, "db"},
      {{{"team", "db"}, {"env", "dev"}}, Severity::kCritical, "critical"},
      {{{"team", "db"}, {"env", "dev"}}, Severity::kLow, "rest"},
      {{{"team", "web"}}, Severity::kCritical, "critical"},
      {{}, Severity::kInfo, "rest"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(NameOf(index.Choose(row.severity, row.labels, kNow)), row.policy)
        << row.labels.ToString();
  }
  policies[0].active_time_intervals = {"off", "on"};
  const PolicyIndex night(policies, OnIsActive);
  EXPECT_EQ(NameOf(night.Choose(Severity::kLow, Labels({{"team", "db"}}), kNow)), "db nights");
  EXPECT_EQ(NameOf(night.Find("rest")), "rest");
  EXPECT_EQ(night.Find("nobody"), nullptr);
}

TEST(PolicyIndex, AgreesWithAskingOneByOne) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random(seed);
    const auto below = [&](uint64_t n) { return random.Next() % n; };
    const auto label = [&] { return fmt::format("l{}", below(3)); };
    const auto value = [&] { return below(5) == 0 ? "" : fmt::format("v{}", below(3)); };
    std::vector<EscalationPolicy> policies;
    for (uint64_t i = below(12); i > 0; --i) {
      EscalationPolicy policy = Named(fmt::format("p{}", i).c_str());
      for (uint64_t s = below(3); s > 0; --s) {
        policy.severities.push_back(static_cast<Severity>(below(kSeverityCount)));
      }
      for (uint64_t m = below(4); m > 0; --m) {
        policy.match.push_back(
            *Matcher::Create(static_cast<MatchType>(below(4)), label(), value()));
      }
      if (below(4) == 0) policy.active_time_intervals = {below(2) == 0 ? "on" : "off"};
      policies.push_back(std::move(policy));
    }
    const PolicyIndex index(policies, OnIsActive);
    for (int question = 0; question < 20; ++question) {
      Labels labels = Labels::FromMap({{"l0", value()}, {"l1", value()}, {"l2", value()}});
      const auto severity = static_cast<Severity>(below(kSeverityCount));
      ASSERT_EQ(NameOf(index.Choose(severity, labels, kNow)),
                NameOf(Walk(policies, severity, labels)))
          << "seed " << seed << ", " << labels.ToString();
    }
  }
}

}  // namespace
}  // namespace outrider
