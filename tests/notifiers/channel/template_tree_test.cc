// SPDX-License-Identifier: Apache-2.0
// What templates in a tree become: Alertmanager 0.34's rules, see template_tree.h.
#include "notifiers/channel/template_tree.h"

#include <gmock/gmock.h>

#include "tests/notifiers/channel/channel_fixture.h"

namespace outrider {
namespace {

class TemplateTreeTest : public ChannelFixture {
 protected:
  std::string Render(const std::string& yaml) {
    MessageRenderer renderer(templates_, Sample());
    std::string json = TreeJson(ParseYaml(yaml, "am.yml").value(), renderer);
    EXPECT_TRUE(renderer.status().ok()) << Message(renderer.status());
    return json;
  }
};

TEST_F(TemplateTreeTest, Trees) {
  const std::pair<const char*, const char*> cases[] = {
      {"{b: 1, a: x}", R"({"a":"x","b":1})"},
      {"[1, 1.5, true, no, null, ~, text, '5', \"yes\"]",
       R"([1,1.5,true,false,null,null,"text",5,true])"},
      {"'{{ len .Alerts }}'", "2"},
      {"'{{ .Status }}'", "\"firing\""},
      {"'{{ .CommonLabels.nope }}'", "null"},
      {"'{{ .CommonLabels.nope }} '", "null"},
      {"'{\"b\": [1, {\"z\": \"<\", \"a\": null}]}'", "{\"b\":[1,{\"a\":null,\"z\":\"\\u003c\"}]}"},
      {"'a: {{ .Status }}'", R"({"a":"firing"})"},
      {"'a: b: c'", "\"a: b: c\""},
      {"'- x'", R"(["x"])"},
      {"'# only a comment'", "null"},
      {"'2026-11-21'", "\"2026-11-21\""},
      {"'1.2.3'", "\"1.2.3\""},
      {"'1e3'", "1000"},
      {"{'{{ .Status }}': {deep: ['{{ .CommonLabels.job }}']}}", R"({"firing":{"deep":["j"]}})"},
      {"9223372036854775807", "9223372036854775807"},
      {"{}", "{}"},
      {"{a: {5: x, true: y, '6': z, 'no': w}}", R"({"a":{"6":"z","no":"w"}})"},
      {"'{a: {5: x, true: y, \"6\": z}, 7: b}'", R"({"a":{"6":"z"}})"},
      {"[]", "[]"},
  };
  for (const auto& [yaml, want] : cases) EXPECT_EQ(Render(yaml), want) << yaml;
}

TEST_F(TemplateTreeTest, TheFirstErrorIsKept) {
  MessageRenderer renderer(templates_, Sample());
  const YamlNode tree = ParseYaml("{a: '{{ .Nope }}', b: '{{ .Other }}'}", "am.yml").value();
  TreeJson(tree, renderer);
  EXPECT_THAT(Message(renderer.status()), ::testing::HasSubstr("Nope"));
}

}  // namespace
}  // namespace outrider
