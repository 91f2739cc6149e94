// SPDX-License-Identifier: Apache-2.0
// What the default templates of several channels share; each channel's own stand in its file.
// Source: specs/alertmanager.md §2 "Default templates".
#pragma once

#include <string_view>

namespace outrider {

extern const std::string_view kSharedTemplates;

}  // namespace outrider
