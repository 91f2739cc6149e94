// SPDX-License-Identifier: Apache-2.0
// The entities of HTML as far as scripts and styles in attributes go. Part of html_place.h.
#pragma once

#include <string>
#include <string_view>

namespace outrider::tmpl {

// The value of an attribute as a browser hands it on: numeric entities in all spellings and the
// named ones that stand for an ASCII character. Other names stay: they open and close nothing.
std::string DecodeEntities(std::string_view text);

}  // namespace outrider::tmpl
