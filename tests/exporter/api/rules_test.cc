// SPDX-License-Identifier: Apache-2.0
// /api/v1/rules and /api/v1/alerts over made-up snapshots.
#include "exporter/api/rules.h"

#include <gtest/gtest.h>

#include "storage/base/json.h"
#include "tests/exporter/http/fake_request.h"

namespace outrider {
namespace {

std::shared_ptr<RuleGroupView> MakeGroup(const std::string& name) {
  auto group = std::make_shared<RuleGroup>();
  group->file = "rules/a.yml";
  group->name = name;
  group->limit = 5;
  Rule alert;
  alert.kind = RuleKind::kAlerting;
  alert.name = "HighLoad";
  alert.expr = "load > 1";
  alert.hold = 90'000;
  alert.labels = {{"severity", "page"}};
  alert.annotations = {{"summary", "{{ $value }}"}};
  Rule record;
  record.name = "job:load";
  record.expr = "bad(";
  group->rules = {alert, record};
  auto view = std::make_shared<RuleGroupView>();
  view->group = group;
  view->interval = 15'000;
  view->evaluation_seconds = 0.25;
  view->last_evaluation = 60'000;
  view->evaluated_at = 60'000'123'000;
  auto active = std::make_shared<ActiveAlert>();
  active->labels = Labels{{"alertname", "HighLoad"}, {"severity", "page"}};
  active->annotations = {{"summary", "2"}};
  active->state = AlertState::kFiring;
  active->active_at = 1500;
  active->value = 2;
  auto gone = std::make_shared<ActiveAlert>(*active);
  gone->state = AlertState::kInactive;
  RuleView alerting;
  alerting.rule = &group->rules[0];
  alerting.health = RuleHealth::kOk;
  alerting.last_evaluation = 60'000;
  alerting.evaluated_at = 60'001'000'001;
  alerting.evaluation_seconds = 0.125;
  alerting.alerts = {active, gone};
  RuleView recording;
  recording.rule = &group->rules[1];
  recording.health = RuleHealth::kError;
  recording.last_error = "1:5: parse error";
  view->rules = {alerting, recording};
  return view;
}

class RulesApiTest : public ::testing::Test {
 protected:
  RulesApiTest() {
    groups_ = {MakeGroup("one"), MakeGroup("two"), MakeGroup("three")};
    RegisterRulesApi(router_, [this] { return groups_; });
  }
  std::string Get(const std::string& target, int status = 200) {
    FakeRequest request("GET", target);
    const HttpResponse response = router_.Dispatch(request);
    EXPECT_EQ(response.status, status) << target;
    return WholeBody(response);
  }
  // Names of the groups in the answer with the number of their rules.
  std::string Shape(const std::string& target) {
    const StatusOr<JsonValue> json = ParseJson(Get(target));
    std::string out;
    for (const JsonValue& group : json->Find("data")->Find("groups")->items) {
      out +=
          group.GetString("name") + ":" + std::to_string(group.Find("rules")->items.size()) + " ";
    }
    return out;
  }

  std::vector<std::shared_ptr<const RuleGroupView>> groups_;
  Router router_;
};

TEST_F(RulesApiTest, WholeAnswer) {
  groups_.resize(1);
  EXPECT_EQ(
      Get("/api/v1/rules"),
      R"({"status":"success","data":{"groups":[{"name":"one","file":"rules/a.yml","rules":[)"
      R"({"state":"firing","name":"HighLoad","query":"load > 1","duration":90,"keepFiringFor":0,"labels":{"severity":"page"},)"
      R"("annotations":{"summary":"{{ $value }}"},"alerts":[{"labels":{"alertname":"HighLoad","severity":"page"},)"
      R"("annotations":{"summary":"2"},"state":"firing","activeAt":"1970-01-01T00:00:01.5Z","value":"2e+00"}],)"
      R"("health":"ok","evaluationTime":0.125,"lastEvaluation":"1970-01-01T00:01:00.001000001Z","type":"alerting"},)"
      R"({"name":"job:load","query":"bad(","labels":{},"health":"err","lastError":"1:5: parse error","evaluationTime":0,)"
      R"("lastEvaluation":"0001-01-01T00:00:00Z","type":"recording"}],)"
      R"("interval":15,"limit":5,"evaluationTime":0.25,"lastEvaluation":"1970-01-01T00:01:00.000123Z"}]}})");
}

TEST_F(RulesApiTest, Filters) {
  const std::pair<const char*, const char*> cases[] = {
      {"/api/v1/rules", "one:2 three:2 two:2 "},
      {"/api/v1/rules?type=alert", "one:1 three:1 two:1 "},
      {"/api/v1/rules?type=record&rule_group[]=two", "two:1 "},
      {"/api/v1/rules?rule_name[]=nope", ""},
      {"/api/v1/rules?rule_name[]=job:load", "one:1 three:1 two:1 "},
      {"/api/v1/rules?file[]=other.yml", ""},
      {"/api/v1/rules?match[]=%7Bseverity%3D%22page%22%7D", "one:1 three:1 two:1 "},
      {"/api/v1/rules?group_limit=2", "one:2 three:2 "},
  };
  for (const auto& [target, expected] : cases) EXPECT_EQ(Shape(target), expected) << target;
  EXPECT_EQ(Get("/api/v1/rules?exclude_alerts=true").find("activeAt"), std::string::npos);
  Get("/api/v1/rules?type=x", 400);
  Get("/api/v1/rules?group_next_token=x", 400);
  Get("/api/v1/rules?group_limit=1&group_next_token=x", 400);
}

// By file, then by name; in whatever order they are written.
TEST_F(RulesApiTest, Order) {
  groups_ = {MakeGroup("b"), MakeGroup("a"), MakeGroup("B")};
  auto first = std::make_shared<RuleGroupView>(*MakeGroup("z"));
  auto spec = std::make_shared<RuleGroup>(*first->group);
  spec->file = "Rules/z.yml";
  first->group = spec;
  for (size_t i = 0; i < spec->rules.size(); ++i) first->rules[i].rule = &spec->rules[i];
  groups_.push_back(first);
  EXPECT_EQ(Shape("/api/v1/rules"), "z:2 B:2 a:2 b:2 ");
}

TEST_F(RulesApiTest, PagesFollowEachOther) {
  const StatusOr<JsonValue> first = ParseJson(Get("/api/v1/rules?group_limit=2"));
  const std::string token = first->Find("data")->GetString("groupNextToken");
  ASSERT_FALSE(token.empty());
  EXPECT_EQ(Shape("/api/v1/rules?group_limit=2&group_next_token=" + token), "two:2 ");
}

TEST_F(RulesApiTest, Alerts) {
  groups_.resize(1);
  EXPECT_EQ(
      Get("/api/v1/alerts"),
      R"({"status":"success","data":{"alerts":[{"labels":{"alertname":"HighLoad","severity":"page"},)"
      R"("annotations":{"summary":"2"},"state":"firing","activeAt":"1970-01-01T00:00:01.5Z","value":"2e+00"}]}})");
}

}  // namespace
}  // namespace outrider
