// SPDX-License-Identifier: Apache-2.0
// Relabelling as a table: rules in YAML, labels before, labels after ("-": dropped).
#include "notifiers/relay/relabel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::HasSubstr;

struct RelabelCase {
  const char* rules;
  const char* after;
};

// Before: {a="foo", b="bar", c="baz"}. Results of Prometheus' relabelling.
const RelabelCase kCases[] = {
    {"[]", R"({a="foo", b="bar", c="baz"})"},
    {"[{source_labels: [a], regex: 'f(.*)', target_label: d, replacement: 'ch${1}-ch${1}'}]",
     R"({a="foo", b="bar", c="baz", d="choo-choo"})"},
    {"[{source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: a, replacement: 'b${1}${2}m'}]",
     R"({a="boobam", b="bar", c="baz"})"},
    {"[{source_labels: [a], regex: o, target_label: d}]", R"({a="foo", b="bar", c="baz"})"},
    {"[{source_labels: [a], target_label: d}]", R"({a="foo", b="bar", c="baz", d="foo"})"},
    {"[{source_labels: [a], regex: foo, target_label: c, replacement: ''}]",
     R"({a="foo", b="bar"})"},
    {"[{target_label: s, replacement: const}]", R"({a="foo", b="bar", c="baz", s="const"})"},
    {"[{source_labels: [a], regex: 'f(.*)', target_label: 'x_${1}', replacement: v}]",
     R"({a="foo", b="bar", c="baz", x_oo="v"})"},
    {"[{source_labels: [a], regex: '.*o.*', action: drop}]", "-"},
    {"[{source_labels: [a], regex: '.*x.*', action: drop}]", R"({a="foo", b="bar", c="baz"})"},
    {"[{source_labels: [a], regex: no-match, action: keep}]", "-"},
    {"[{source_labels: [a], regex: fo, action: keep}]", "-"},
    {"[{source_labels: [a], regex: 'f.*', action: Keep}]", R"({a="foo", b="bar", c="baz"})"},
    {"[{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}]",
     R"({a="foo", b="bar", c="baz", d="976"})"},
    {"[{regex: '(b.*)', replacement: 'bar_${1}', action: labelmap}]",
     R"({a="foo", b="bar", bar_b="bar", c="baz"})"},
    {"[{regex: '[ab]', action: labeldrop}]", R"({c="baz"})"},
    {"[{regex: '[ab]', action: labelkeep}]", R"({a="foo", b="bar"})"},
    {"[{regex: '.*', action: labeldrop}]", "-"},
    {"[{source_labels: [a], target_label: A, action: uppercase}]",
     R"({A="FOO", a="foo", b="bar", c="baz"})"},
    {"[{target_label: d, replacement: foo}, {source_labels: [a], target_label: d, action: "
     "keepequal}]",
     R"({a="foo", b="bar", c="baz", d="foo"})"},
    {"[{source_labels: [a], target_label: b, action: keepequal}]", "-"},
    {"[{source_labels: [a], target_label: a, action: dropequal}]", "-"},
    {"[{source_labels: [a], target_label: b, action: dropequal}]",
     R"({a="foo", b="bar", c="baz"})"},
    {"[{source_labels: [a, missing], separator: '-', target_label: d}]",
     R"({a="foo", b="bar", c="baz", d="foo-"})"},
};

TEST(RelabelTest, Table) {
  const Labels before = {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};
  for (const RelabelCase& c : kCases) {
    SCOPED_TRACE(c.rules);
    const YamlNode node = ParseYaml(c.rules, "f.yml").value();
    const auto rules = ReadRelabelRules(&node, "f.yml");
    ASSERT_TRUE(rules.ok()) << rules.status();
    const std::optional<Labels> after = Relabel(*rules, before);
    EXPECT_EQ(after ? after->ToString() : "-", c.after);
  }
}

TEST(RelabelTest, Errors) {
  for (const auto& [rules, error] : std::vector<std::pair<const char*, const char*>>{
           {"[{action: fly}]", "f.yml:1:11: unknown relabel action \"fly\""},
           {"[{action: replace}]", "requires 'target_label'"},
           {"[{source_labels: [a], action: hashmod, target_label: d}]", "non-zero modulus"},
           {"[{source_labels: [a], regex: 'x', action: labeldrop}]", "requires only 'regex'"},
           {"[{regex: '(', target_label: d}]", "f.yml:1:10:"},
           {"[{target_label: a, nonsense: 1}]", "nonsense"},
           {"{a: b}", "expected a list"}}) {
    const YamlNode node = ParseYaml(rules, "f.yml").value();
    EXPECT_THAT(Message(ReadRelabelRules(&node, "f.yml").status()), HasSubstr(error)) << rules;
  }
}

}  // namespace
}  // namespace outrider
