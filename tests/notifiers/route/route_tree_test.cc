// SPDX-License-Identifier: Apache-2.0
#include "notifiers/route/route_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kTree = R"yaml(
route:
  receiver: default
  group_by: [cluster, alertname]
  routes:
  - match: {owner: team-A}
    receiver: A
    routes:
    - {match: {env: testing}, receiver: A-testing, group_by: ['...']}
    - {match: {env: production}, receiver: A-production, continue: true}
    - {match_re: {env: "produ.*"}, receiver: A-produ}
    - {match: {env: nothing}, receiver: A-nothing}
  - match_re: {owner: "team-(B|C)"
}
    receiver: BC
    continue: true
    group_by: []
  - match: {group_by: role}
    receiver: role
    routes:
    - {match: {env: testing}, receiver: role-testing}
  - matchers: [owner=~".+"]
    receiver: last
receivers: [{name: default}, {name: A}, {name: A-testing}, {name: A-production}, {name: A-produ},
            {name: A-nothing}, {name: BC}, {name: role}, {name: role-testing}, {name: last}]
)yaml";

std::vector<std::string> Receivers(const AlertmanagerConfig& config, const Labels& alert) {
  std::vector<std::string> names;
  for (const RouteConfig* route : MatchRoutes(config.route, alert)) {
    names.push_back(route->receiver);
  }
  return names;
}

TEST(RouteTree, Matching) {
  const auto config = ParseAlertmanagerConfig(kTree, "r.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  const std::pair<Labels, std::vector<std::string>> table[] = {
      {{}, {"default"}},
      {{{"env", "testing"}}, {"default"}},
      {{{"owner", "team-A"}}, {"A"}},
      {{{"owner", "team-A"}, {"env", "unset"}}, {"A"}},
      {{{"owner", "team-A"}, {"env", "testing"}}, {"A-testing"}},
      {{{"owner", "team-A"}, {"env", "production"}}, {"A-production", "A-produ"}},
      {{{"owner", "team-A"}, {"env", "produce"}}, {"A-produ"}},
      {{{"owner", "team-B"}}, {"BC", "last"}},
      {{{"owner", "team-BX"}}, {"last"}},
      {{{"owner", "team-C"}, {"group_by", "role"}}, {"BC", "role"}},
      {{{"group_by", "role"}, {"env", "testing"}}, {"role-testing"}},
  };
  for (const auto& [alert, receivers] : table) {
    EXPECT_EQ(Receivers(*config, alert), receivers) << alert.ToString();
  }
}

TEST(RouteTree, ContinueFallsBackToTheParentOnlyWhenNothingMatched) {
  const auto config = ParseAlertmanagerConfig(
      "route: {receiver: a, routes: [{matchers: [x=1], receiver: b, continue: true}]}\n"
      "receivers: [{name: a}, {name: b}]",
      "r.yml");
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(Receivers(*config, {{"x", "1"}}), ElementsAre("b"));
  EXPECT_THAT(Receivers(*config, {{"x", "2"}}), ElementsAre("a"));
}

TEST(RouteTree, GroupsAndKeys) {
  const auto config = ParseAlertmanagerConfig(kTree, "r.yml");
  ASSERT_TRUE(config.ok());
  const auto key = [&config](const Labels& alert) {
    const RouteConfig& route = *MatchRoutes(config->route, alert).front();
    return GroupKey(route, GroupLabels(route, alert));
  };
  EXPECT_EQ(key({{"alertname", "X"}, {"cluster", "c"}, {"job", "j"}}),
            R"({}:{alertname="X", cluster="c"})");
  EXPECT_EQ(key({{"alertname", "X"}}), R"({}:{alertname="X"})") << "absent labels are left out";
  EXPECT_EQ(key({}), "{}:{}");
  EXPECT_EQ(key({{"owner", "team-A"}, {"env", "testing"}, {"z", "q\"\n"}}),
            "{}/{owner=\"team-A\"}/{env=\"testing\"}:{env=\"testing\", owner=\"team-A\", "
            "z=\"q\\\"\\n\"}");
  EXPECT_EQ(key({{"owner", "team-B"}, {"alertname", "X"}}),
            R"k({}/{owner=~"^(?:team-(B|C))$"}:{})k");
}

TEST(RouteTree, KeyOfTheSpecification) {
  const auto config = ParseAlertmanagerConfig(
      "route: {receiver: a, group_by: [alertname], routes: [{match: {severity: critical}}]}\n"
      "receivers: [{name: a}]",
      "r.yml");
  ASSERT_TRUE(config.ok());
  const Labels alert = {{"alertname", "X"}, {"severity", "critical"}};
  const RouteConfig& route = *MatchRoutes(config->route, alert).front();
  EXPECT_EQ(GroupKey(route, GroupLabels(route, alert)),
            R"({}/{severity="critical"}:{alertname="X"})");
}

TEST(RouteTree, AllRoutesDepthFirst) {
  const auto config = ParseAlertmanagerConfig(kTree, "r.yml");
  ASSERT_TRUE(config.ok());
  std::vector<std::string> names;
  for (const RouteConfig* route : AllRoutes(config->route)) names.push_back(route->receiver);
  EXPECT_THAT(names, ElementsAre("default", "A", "A-testing", "A-production", "A-produ",
                                 "A-nothing", "BC", "role", "role-testing", "last"));
}

}  // namespace
}  // namespace outrider
