// SPDX-License-Identifier: Apache-2.0
// Which rules wait for which, as a table; and the crew that runs them, against running in order.
#include "rules/alerting/rule_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "rules/alerting/rule_footprint.h"
#include "rules/alerting/work_crew.h"
#include "rules/rulefile/rule_file.h"

namespace outrider {
namespace {

std::vector<Rule> Rules(const std::string& rules) {
  const StatusOr<RuleFile> file = ParseRuleFile("groups:\n- name: g\n  rules:\n" + rules, "f.yml");
  EXPECT_TRUE(file.ok()) << file.status() << "\n" << rules;
  return file.ok() ? file->groups[0].rules : std::vector<Rule>();
}

struct OrderCase {
  const char* name;
  const char* rules;
  const char* links;  // `earlier<later`, by number from 0
};

const OrderCase kOrders[] = {
    {"nothing in common", "  - {record: a, expr: x}\n  - {record: b, expr: y}\n", ""},
    {"reads what an earlier one writes", "  - {record: a, expr: x}\n  - {record: b, expr: a + 1}\n",
     "0<1"},
    {"reads what a later one writes: the value of the cycle before",
     "  - {record: a, expr: b}\n  - {record: b, expr: x}\n", "0<1"},
    {"a chain and a free rule",
     "  - {record: a, expr: x}\n  - {record: c, expr: y}\n  - {record: b, expr: a}\n"
     "  - {record: d, expr: b}\n",
     "0<2 2<3"},
    {"a name that matches by expression",
     "  - {record: job:a, expr: x}\n  - {record: b, expr: '{__name__=~\"job:.*\"}'}\n", "0<1"},
    {"a name that is excluded",
     "  - {record: a, expr: x}\n  - {record: b, expr: '{__name__!=\"a\", job=\"j\"}'}\n", ""},
    {"no name: waits for what may have the label",
     "  - {record: a, expr: x}\n  - {record: b, expr: '{job=\"j\"}'}\n", "0<1"},
    {"no name: not for what aggregates the label away",
     "  - {record: a, expr: sum by (instance) (x)}\n  - {record: b, expr: '{job=\"j\"}'}\n", ""},
    {"no name: not for what has another value",
     "  - {record: a, expr: x, labels: {job: k}}\n  - {record: b, expr: '{job=\"j\"}'}\n", ""},
    {"no name: the others go on side by side",
     "  - {record: a, expr: x}\n  - {record: c, expr: y}\n  - {record: b, expr: '{job=\"j\"}'}\n",
     "0<2 1<2"},
    {"one name, labels apart",
     "  - {record: a, expr: x, labels: {l: '1'}}\n  - {record: a, expr: y, labels: {l: '2'}}\n",
     ""},
    {"one name, labels may be equal",
     "  - {record: a, expr: x, labels: {l: '1'}}\n  - {record: a, expr: y}\n", "0<1"},
    {"one name, aggregated labels cannot be equal",
     "  - {record: a, expr: x, labels: {l: '1'}}\n  - {record: a, expr: sum by (j) (y)}\n", ""},
    {"ALERTS of an alert",
     "  - {alert: A, expr: x}\n  - {alert: B, expr: 'ALERTS{alertname=\"A\"}'}\n", "0<1"},
    {"ALERTS of another alert",
     "  - {alert: A, expr: x}\n  - {alert: B, expr: 'ALERTS{alertname=\"C\"}'}\n", ""},
    {"ALERTS by state",
     "  - {alert: A, expr: x}\n"
     "  - {alert: B, expr: 'ALERTS_FOR_STATE{alertname=\"A\"}'}\n"
     "  - {alert: C, expr: 'ALERTS{alertname=\"A\", alertstate=\"none\"}'}\n",
     "0<1"},
    {"a template that queries",
     "  - {record: a, expr: x}\n"
     "  - {alert: B, expr: y, annotations: {t: '{{ query \"a\" | len }}'}}\n",
     "0<1"},
    {"a template that does not",
     "  - {record: a, expr: x}\n  - {alert: B, expr: y, annotations: {t: '{{ $value }}'}}\n", ""},
    {"a label that a template sets may be anything",
     "  - {alert: A, expr: 'vector(1)', labels: {l: '{{ $value }}'}}\n"
     "  - {record: b, expr: 'ALERTS{l=\"1\"}'}\n  - {record: c, expr: 'ALERTS{m=\"1\"}'}\n",
     "0<1 0<2"},
};

std::string Links(const RuleOrder& order) {
  std::string links;
  for (size_t later = 0; later < order.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier) {
      const auto& followers = order.followers[earlier];
      if (std::ranges::find(followers, later) == followers.end()) continue;
      links += (links.empty() ? "" : " ") + std::to_string(earlier) + "<" + std::to_string(later);
    }
  }
  return links;
}

TEST(RuleOrderTest, Table) {
  for (const OrderCase& c : kOrders) {
    SCOPED_TRACE(c.name);
    const RuleOrder order = OrderRules(Rules(c.rules));
    EXPECT_EQ(Links(order), c.links);
    for (size_t i = 0; i < order.size(); ++i) {
      size_t waits = 0;
      for (const auto& followers : order.followers) waits += std::ranges::count(followers, i);
      EXPECT_EQ(order.waits[i], waits);
    }
  }
}

// The definition: every pair, every selector, every shape.
bool Reads(const RuleFootprint& reader, const RuleFootprint& writer) {
  if (reader.reads_anything) return !writer.writes.empty();
  return std::ranges::any_of(reader.reads, [&](const std::vector<Matcher>& matchers) {
    return std::ranges::any_of(writer.writes,
                               [&](const SeriesShape& shape) { return MayMatch(matchers, shape); });
  });
}

bool WriteTheSame(const RuleFootprint& a, const RuleFootprint& b) {
  return std::ranges::any_of(a.writes, [&](const SeriesShape& one) {
    return std::ranges::any_of(b.writes,
                               [&](const SeriesShape& other) { return MayOverlap(one, other); });
  });
}

std::string LinksByDefinition(const std::vector<Rule>& rules) {
  std::vector<RuleFootprint> footprints;
  for (const Rule& rule : rules) footprints.push_back(FootprintOf(rule));
  std::string links;
  for (size_t later = 0; later < rules.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier) {
      if (!Reads(footprints[later], footprints[earlier]) &&
          !Reads(footprints[earlier], footprints[later]) &&
          !WriteTheSame(footprints[earlier], footprints[later])) {
        continue;
      }
      links += (links.empty() ? "" : " ") + std::to_string(earlier) + "<" + std::to_string(later);
    }
  }
  return links;
}

// Rules by chance, of few names and labels, so that they meet often.
class RandomRules {
 public:
  explicit RandomRules(uint32_t seed) : random_(seed) {}

  std::string Next(size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += OneRule();
    return text;
  }

 private:
  size_t Below(size_t n) { return random_() % n; }
  std::string Pick(const std::vector<std::string>& from) { return from[Below(from.size())]; }
  std::string Name() { return Pick({"a", "b", "c:x", "c:y", "d", "e"}); }
  std::string Value() { return Pick({"1", "2", "3", ""}); }
  std::string MatchersText() {
    std::string text;
    for (size_t i = Below(3); i > 0; --i) {
      const std::string regex = Pick({"1|2", ".+", ".*", "[13]", ""});
      const std::string op = Pick({"=", "!=", "=~", "!~"});
      text += Pick({"l", "m", "n"}) + op + "\"" + (op.ends_with('~') ? regex : Value()) + "\",";
    }
    return text;
  }
  std::string Selector() {
    switch (Below(6)) {
      case 0:
        return "{l=\"1\"," + MatchersText() + "}";  // no name
      case 1:
        return "{__name__=~\"" + Pick({"c:.*", "a|b", ".+"}) + "\"," + MatchersText() + "}";
      case 2:
        return "{__name__!=\"" + Name() + "\",l=\"1\"," + MatchersText() + "}";
      case 3:
        return Pick({"ALERTS", "ALERTS_FOR_STATE"}) + "{" +
               Pick({"alertname=\"A\",", "alertname=~\"A|B\",", "alertname!=\"A\",",
                     "alertname=\"OutriderNoData\",", "alertstate=\"firing\",", "rule=\"B\",",
                     ""}) +
               MatchersText() + "}";
      default:
        return Name() + "{" + MatchersText() + "}";
    }
  }
  std::string Expression() {
    switch (Below(5)) {
      case 0:
        return "sum by (" + Pick({"l", "m", "l,m"}) + ") (" + Selector() + ")";
      case 1:
        return Selector() + " and " + Selector();
      case 2:
        return "vector(1)";
      default:
        return Selector();
    }
  }
  std::string LabelsText(bool alert) {
    std::string text;
    for (const char* name : {"l", "m", "rule"}) {
      if (Below(3) != 0) continue;
      text +=
          std::string(name) + ": '" + (alert && Below(4) == 0 ? "{{ $value }}" : Value()) + "', ";
    }
    return "labels: {" + text + "}";
  }
  std::string OneRule() {
    const bool alert = Below(2) == 0;
    const std::string head =
        alert ? "alert: " + Pick({"A", "B", "C", "OutriderNoData"}) : "record: " + Name();
    std::string text =
        "  - " + head + "\n    expr: '" + Expression() + "'\n    " + LabelsText(alert) + "\n";
    if (alert && Below(30) == 0) text += "    annotations: {t: '{{ query \"a\" | len }}'}\n";
    return text;
  }
  std::mt19937 random_;
};

TEST(RuleOrderTest, IsThatOfTheDefinition) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const std::string text = RandomRules(seed).Next(seed % 3 == 0 ? 80 : 25);
    const std::vector<Rule> rules = Rules(text);
    ASSERT_EQ(Links(OrderRules(rules)), LinksByDefinition(rules)) << seed << "\n" << text;
  }
}

// Two thousand rules that all read everything wait for one another: in order, and no pair is kept.
TEST(RuleOrderTest, TooManyWaits) {
  std::string text;
  for (int i = 0; i < 2100; ++i) {
    text += "  - {alert: A" + std::to_string(i) +
            ", expr: x, annotations: {t: '{{ query \"a\" | len }}'}}\n";
  }
  const RuleOrder order = OrderRules(Rules(text));
  EXPECT_FALSE(order.concurrent());
  EXPECT_THAT(order.followers[0], ::testing::ElementsAre(1));
}

TEST(RuleOrderTest, Concurrent) {
  EXPECT_FALSE(InOrder(0).concurrent());
  EXPECT_FALSE(InOrder(3).concurrent());
  EXPECT_FALSE(
      OrderRules(Rules("  - {record: a, expr: x}\n  - {record: b, expr: a}\n")).concurrent());
  EXPECT_TRUE(
      OrderRules(Rules("  - {record: a, expr: x}\n  - {record: b, expr: x}\n")).concurrent());
}

// Graphs by chance: every task runs once and after those it waits for, whoever runs it.
TEST(WorkCrewTest, KeepsTheOrder) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const size_t tasks = 1 + random() % 40;
    RuleOrder order = InOrder(0);
    order.followers.resize(tasks);
    order.waits.resize(tasks);
    for (uint32_t later = 0; later < tasks; ++later) {
      for (uint32_t earlier = 0; earlier < later; ++earlier) {
        if (random() % 8 != 0) continue;
        order.followers[earlier].push_back(later);
        ++order.waits[later];
      }
    }
    WorkCrew crew;
    std::vector<std::atomic<int>> runs(tasks);
    std::atomic<int> broken{0};
    const auto task = [&](size_t i) {
      for (size_t earlier = 0; earlier < i; ++earlier) {
        const auto& followers = order.followers[earlier];
        if (std::ranges::find(followers, i) != followers.end() && runs[earlier] == 0) ++broken;
      }
      ++runs[i];
    };
    {
      std::vector<std::jthread> helpers;
      for (int i = 0; i < 3; ++i) {
        helpers.emplace_back([&](const std::stop_token& stop) {
          while (!stop.stop_requested()) crew.HelpOnce();
        });
      }
      crew.Run(order, task, round % 4 != 0);
    }
    EXPECT_EQ(broken, 0);
    for (const auto& count : runs) EXPECT_EQ(count, 1);
  }
}

TEST(WorkCrewTest, AloneInTheOrderOfTheNumbers) {
  WorkCrew crew;
  for (const bool share : {false, true}) {
    std::vector<size_t> ran;
    RuleOrder free = InOrder(0);
    free.followers.resize(5);
    free.waits.resize(5);
    crew.Run(free, [&](size_t i) { ran.push_back(i); }, share);
    EXPECT_THAT(ran, ::testing::ElementsAre(0, 1, 2, 3, 4));
  }
}

// Two tasks that can only end together.
TEST(WorkCrewTest, SleepersAreWokenToHelp) {
  WorkCrew crew;
  RuleOrder free = InOrder(0);
  free.followers.resize(2);
  free.waits.resize(2);
  std::atomic<int> there{0};
  const std::stop_token called = crew.WakeToken();
  std::jthread helper([&] {
    while (!called.stop_requested()) std::this_thread::yield();  // as one asleep
    while (crew.HelpOnce()) continue;
  });
  crew.Run(
      free,
      [&](size_t) {
        ++there;
        while (there < 2) std::this_thread::yield();
      },
      true);
  EXPECT_EQ(there, 2);
}

}  // namespace
}  // namespace outrider
