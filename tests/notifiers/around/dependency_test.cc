// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/dependency.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

StatusOr<std::vector<Dependency>> Parse(const std::string& yaml) {
  return ParseDependencies(ParseYaml(yaml, "f").value(), "f");
}

// AutoGraph's services (specs/source_systems.md §4.1) have no cycle.
TEST(Dependencies, ReadsAGraphOfServices) {
  const auto parsed = Parse(R"(
- {name: api, match: [service = frontend], on: [service = api-gateway]}
- {name: services, match: [service = api-gateway], on: ['service =~ "auth|diagram|ai|git"']}
- {name: redis, match: ['service =~ "api-gateway|auth|diagram|ai"'], on: [service = redis]}
- name: postgres
  match: ['service =~ "auth|diagram|git"']
  on: [service = postgres]
  equal: [cluster]
  wait: 1m
  grace: 5m
)");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_EQ(parsed->size(), 4U);
  EXPECT_EQ(parsed->at(3).wait, kMinute);
  EXPECT_EQ(parsed->at(3).grace, 5 * kMinute);
  EXPECT_EQ(parsed->at(3).equal, std::vector<std::string>{"cluster"});
  const Labels auth({{"service", "auth"}, {"cluster", "a"}});
  const Dependency* by =
      FindDependency(*parsed, auth, Labels({{"service", "postgres"}, {"cluster", "a"}}));
  ASSERT_NE(by, nullptr);
  EXPECT_EQ(by->name, "postgres");
  EXPECT_EQ(FindDependency(*parsed, auth, Labels({{"service", "postgres"}, {"cluster", "b"}})),
            nullptr);
  EXPECT_EQ(FindDependant(*parsed, auth)->name, "redis");
  EXPECT_EQ(FindDependant(*parsed, Labels({{"service", "minio"}})), nullptr);
}

TEST(Dependencies, RefusesCyclesWithTheirPath) {
  const struct {
    const char* yaml;
    const char* error;
  } kCases[] = {
      {"- {name: a, match: [s = x], on: [s = y]}\n"
       "- {name: b, match: [s = y], on: [s = z]}\n"
       "- {name: c, match: [s = z], on: [s = x]}\n",
       "f:1:3: dependencies go round: a -> b -> c -> a"},
      {"- {name: top, match: [s = t], on: [s = x]}\n"
       "- {name: a, match: [s = x], on: [s = y]}\n"
       "- {name: b, match: ['s =~ \"y|q\"'], on: ['s =~ \"r|x\"']}\n",
       "f:2:3: dependencies go round: a -> b -> a"},
      {"- {name: all, match: ['s != \"\"'], on: [s = redis]}\n",
       "f:1:3: dependency \"all\": its outage is a dependant of itself"},
      {"- {name: n, match: [s = x], on: [s = y]}\n- {name: n, match: [s = x], on: [s = y]}",
       "f:2:3: dependency \"n\" is not unique"},
      {"- {match: [s = x], on: [s = y]}", "missing name"},
      {"- {name: n, on: [s = y]}", "needs matchers in match"},
      {"- {name: n, match: [s = y]}", "needs matchers in on"},
      {"- {name: n, match: [s = x], on: [s = y], wait: 2d}", "not be longer than 1d"},
  };
  for (const auto& c : kCases) {
    const auto parsed = Parse(c.yaml);
    ASSERT_FALSE(parsed.ok()) << c.yaml;
    EXPECT_NE(Message(parsed.status()).find(c.error), std::string::npos) << parsed.status();
  }
}

TEST(Dependencies, OverlapNeedsAWitness) {
  const struct {
    const char* a;
    const char* b;
    bool wanted;
  } kCases[] = {
      {"s=x", "s=x", true},
      {"s=x", "s=y", false},
      {"s=x", "t=y", true},
      {"s=~\"a|b\"", "s=~\"b|c\"", true},
      {"s=~\"a|b\"", "s=~\"c|d\"", false},
      {"s=~\"au.*\"", "s=~\"a.+|b\"", true},
      {"s=~\"a|b\"", "s=~\"a|b\",s!=\"a\",s!=\"b\"", false},
      {"s!=\"a\"", "s!=\"b\"", true},
      {"s=~\"[a-z]{7}\"", "s=~\"[a-z]{7}x\"", false},  // no word to ask about: taken as apart
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Overlap(ParseMatchers(c.a).value(), ParseMatchers(c.b).value()), c.wanted)
        << c.a << " and " << c.b;
    EXPECT_EQ(Overlap(ParseMatchers(c.b).value(), ParseMatchers(c.a).value()), c.wanted)
        << c.b << " and " << c.a;
  }
}

}  // namespace
}  // namespace outrider
