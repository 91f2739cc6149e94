// SPDX-License-Identifier: Apache-2.0
// Hostile templates end with an error; a set's rules of parsing and replacing.
#include <gtest/gtest.h>

#include "rules/template/template.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string ErrorOf(const std::string& text) {
  const StatusOr<std::string> out = TemplateSet(TemplateOptions()).ExecuteText(text, Value());
  return out.ok() ? "ok: " + out->substr(0, 40) : Message(out.status());
}

TEST(TemplateLimits, EndWithAnError) {
  EXPECT_TRUE(
      Contains(ErrorOf("{{range 100000}}{{range 100000}}{{end}}{{end}}"), "too many steps"));
  EXPECT_TRUE(Contains(ErrorOf("{{range 200000}}0123456789{{end}}"), "larger than 1 MiB"));
  EXPECT_TRUE(Contains(ErrorOf("{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}"),
                       "exceeded maximum template depth"));
  EXPECT_TRUE(Contains(ErrorOf(Repeated("{{if 1}}", 5000)), "nested too deeply"));
  EXPECT_TRUE(
      Contains(ErrorOf("{{" + Repeated("(", 5000) + "1" + Repeated(")", 5000) + "}}"), "depth"));
  EXPECT_TRUE(Contains(ErrorOf("{{$x := \"0123456789\"}}{{range 60}}{{$x = print $x $x}}{{end}}"),
                       "larger than 1 MiB"));
  EXPECT_EQ(ErrorOf("{{printf \"%999999999d\" 1}}"), "ok: %!(NOVERB)%!(EXTRA int=1)");
  EXPECT_TRUE(Contains(ErrorOf("{{printf \"%9999999d\" 1}}"), "larger than 1 MiB"));
  // Work is counted by what is made, too: a thousand turns of a megabyte each are too many.
  EXPECT_TRUE(Contains(ErrorOf("{{range 1000}}{{len (printf \"%1000000d\" 1) | not}}{{end}}"),
                       "too many steps"));
}

TEST(TemplateSet, LaterDefinitionsReplaceEarlierOnes) {
  TemplateSet set{TemplateOptions()};
  ASSERT_TRUE(set.Parse("a", "{{define \"x\"}}one{{end}}").ok());
  ASSERT_TRUE(set.Parse("b", "{{define \"x\"}}two{{end}}").ok());
  ASSERT_TRUE(set.Parse("c", "{{define \"x\"}} {{end}}").ok());  // an empty one replaces nothing
  EXPECT_EQ(set.Execute("x", Value()).value(), "two");
  EXPECT_EQ(set.ExecuteText("{{define \"x\"}}three{{end}}{{template \"x\"}}", Value()).value(),
            "three");
  EXPECT_EQ(set.Execute("x", Value()).value(), "two");
  EXPECT_FALSE(set.Execute("none", Value()).ok());
}

TEST(TemplateSet, AnErrorLeavesTheSetAsItWas) {
  TemplateSet set{TemplateOptions()};
  EXPECT_EQ(Message(set.Parse("f.tmpl", "{{define \"x\"}}1{{end}}\n{{nope}}")),
            "template: f.tmpl:2: function \"nope\" not defined");
  EXPECT_FALSE(set.Execute("x", Value()).ok());
  EXPECT_EQ(Message(set.Check("{{ .a")), "template: :1: unclosed action");
  EXPECT_TRUE(set.Check("{{ .a }}").ok());
}

}  // namespace
}  // namespace outrider::tmpl
