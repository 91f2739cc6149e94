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

// Small templates that would work for hours.
TEST(TemplateLimits, CountWorkAndNotOnlyNodes) {
  TemplateOptions options;
  options.functions = PrometheusFunctions();
  options.functions.insert(AlertmanagerFunctions().begin(), AlertmanagerFunctions().end());
  const TemplateSet set(std::move(options));
  const char* const kMegabyte = "{{$t := printf \"%1000000d\" 1}}{{$u := $t}}";
  for (const char* body :
       {"{{range 100000}}{{$y := $t}}{{end}}", "{{range 100000}}{{$y := and $t $u}}{{end}}",
        "{{range 100000}}{{$y := eq $t $u}}{{end}}", "{{range 100000}}{{$y := len $t}}{{end}}",
        "{{range 100000}}{{$y := match \"1$\" $t}}{{end}}",
        "{{range 100000}}{{$y := match \"x{0,1000}\" \"x\"}}{{end}}",
        "{{range 100000}}{{$y := toUpper $t}}{{end}}"}) {
    const auto out = set.ExecuteText(std::string(kMegabyte) + body, Value());
    EXPECT_TRUE(!out.ok() && Contains(Message(out.status()), "too many steps")) << body;
  }
  // Lists that share their items are as large as they print.
  for (const char* last : {"toJson $x", "print $x", "printf \"%#v\" $x", "html $x", "$x"}) {
    const auto out = set.ExecuteText(
        std::string("{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{") + last + "}}",
        Value());
    EXPECT_TRUE(!out.ok() && Contains(Message(out.status()), "larger than 1 MiB")) << last;
  }
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
