// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_filter.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

const std::vector<std::string> kLabels = {"app", "tier"};

CostKey Key() {
  CostKey key;
  key.cluster = "c1";
  key.namespace_name = "kube-system";
  key.workload_kind = "Deployment";
  key.workload = "dns";
  key.container = "server";
  key.team = "platform";
  key.labels = {"dns", "core"};
  key.pod = "dns-1";
  key.node = "spot-7";
  return key;
}

TEST(CostFilter, Matches) {
  struct Case {
    const char* filter;
    bool matches;
  };
  const Case cases[] = {
      {"", true},
      {"namespace:\"kube-system\"", true},
      {"namespace:\"shop\"", false},
      {"namespace:\"shop\",\"kube-system\"", true},
      {"namespace!:\"shop\"", true},
      {"!namespace:\"kube-system\"", false},
      {"namespace:\"kube-system\"+cluster:\"c1\"", true},
      {"namespace:\"kube-system\" cluster:\"c2\"", false},  // a + of an URL is a blank
      {"namespace:\"shop\"|cluster:\"c1\"", true},
      {"namespace:\"shop\"|cluster:\"c1\"+node:\"x\"", false},
      {"(namespace:\"shop\"|cluster:\"c1\")+node<~:\"spot-\"", true},
      {"node~:\"ot-\"", true},
      {"node~>:\"-7\"", true},
      {"node!<~:\"spot\"", false},
      {"controllerKind:\"deployment\"", true},
      {"controllerName:\"dns\"", true},
      {"workload_kind:\"Deployment\"", true},
      {"team:\"platform\"+container:\"server\"+pod:\"dns-1\"", true},
      {"label[tier]:\"core\"", true},
      {"label[app]:\"\"", false},
  };
  for (const Case& one : cases) {
    const auto filter = CostFilter::Parse(one.filter, kLabels);
    ASSERT_TRUE(filter.ok()) << one.filter << ": " << filter.status();
    EXPECT_EQ(filter->Matches(Key()), one.matches) << one.filter;
  }
}

TEST(CostFilter, Errors) {
  const std::pair<std::string, const char*> cases[] = {
      {"namespace", "filter, at offset 9: expected one of"},
      {"namespace:shop", "expected a value in quotes"},
      {"namespace:\"shop", "quotes do not end"},
      {"zone:\"a\"", "unknown property \"zone\""},
      {"label[owner]:\"a\"", "label owner is not kept: add it to cost.labels"},
      {"(namespace:\"a\"", "expected )"},
      {"namespace:\"a\")", "unexpected text"},
      {std::string(1000, '('), "too deeply nested"},
      {"label[", "expected ]"},
  };
  for (const auto& [text, error] : cases) {
    const auto filter = CostFilter::Parse(text, kLabels);
    ASSERT_FALSE(filter.ok()) << text;
    EXPECT_NE(Message(filter.status()).find(error), std::string::npos) << Message(filter.status());
  }
}

}  // namespace
}  // namespace outrider
