// SPDX-License-Identifier: Apache-2.0
#include "storage/model/labels.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(Labels, SortsDropsEmptyLastWins) {
  const Labels labels{{"b", "2"}, {"a", "1"}, {"c", ""}, {"b", "3"}};
  EXPECT_EQ(labels.ToString(), R"({a="1", b="3"})");
  EXPECT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels.Get("b"), "3");
  EXPECT_EQ(labels.Get("c"), "");
  EXPECT_FALSE(labels.Has("aa"));
  EXPECT_EQ((Labels{{"__name__", "up"}, {"x.y", "1"}}).ToString(), R"(up{"x.y"="1"})");
  EXPECT_EQ(Labels().ToString(), "{}");
  EXPECT_EQ((Labels{{"__name__", "up"}}).ToString(), "up");
}

TEST(Labels, ChangesKeepTheOrder) {
  const Labels base{{"b", "2"}};
  EXPECT_EQ(base.With("a", "1").With("c", "3").ToString(), R"({a="1", b="2", c="3"})");
  EXPECT_EQ(base.With("b", "9").ToString(), R"({b="9"})");
  EXPECT_EQ(base.With("b", ""), Labels());
  EXPECT_EQ(base.Without("x"), base);
  const std::vector<std::string> names{"a", "c"};
  const Labels abc{{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_EQ(abc.Keep(names).ToString(), R"({a="1", c="3"})");
  EXPECT_EQ(abc.Drop(names).ToString(), R"({b="2"})");
  EXPECT_EQ(LabelsBuilder(abc).Set("d", "4").Remove("a").Set("b", "").Build().ToString(),
            R"({c="3", d="4"})");
}

TEST(Labels, AlertmanagersFingerprint) {
  // Read off a running Alertmanager (specs/alertmanager.md §2).
  EXPECT_EQ((Labels{{"alertname", "foo"}, {"node", "bar"}}).FingerprintHex(), "980a6a0e0facf311");
}

TEST(Labels, Compare) {
  const Labels a{{"a", "1"}};
  const Labels ab{{"a", "1"}, {"b", "1"}};
  const Labels b{{"b", "1"}};
  EXPECT_LT(a, ab);
  EXPECT_LT(ab, b);
  EXPECT_LT(Labels(), a);
  EXPECT_EQ(a <=> a, std::strong_ordering::equal);
}

TEST(Labels, PackedRoundTripsAndIsChecked) {
  const Labels labels{{"name", std::string(300, 'x')}, {"z", "1"}};
  EXPECT_EQ(*Labels::FromPacked(labels.packed()), labels);
  const std::string& bytes = labels.packed();
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    const auto part = Labels::FromPacked(std::string_view(bytes).substr(0, cut));
    if (part.ok()) {
      EXPECT_LT(part->size(), 2u);
    }
  }
  EXPECT_FALSE(Labels::FromPacked(std::string("\x01"
                                              "b\x01"
                                              "1\x01"
                                              "a\x01"
                                              "1",
                                              8))
                   .ok())
      << "unsorted";
  EXPECT_FALSE(Labels::FromPacked(std::string("\x01"
                                              "b\x00",
                                              3))
                   .ok())
      << "empty value";
}

TEST(Labels, LegacyNames) {
  EXPECT_TRUE(IsLegacyMetricName("a:b_1"));
  EXPECT_FALSE(IsLegacyLabelName("a:b"));
  EXPECT_FALSE(IsLegacyMetricName("1a"));
  EXPECT_FALSE(IsLegacyMetricName(""));
}

}  // namespace
}  // namespace outrider
