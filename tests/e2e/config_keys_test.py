#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""incidents.yml: every key that a reader knows is documented, every key that docs/configuration.md names is known to a
reader, and the example is accepted."""
import re
import unittest

import harness

READERS = ['notifiers/config/incidents_config.cc', 'notifiers/config/attention_config.cc',
           'notifiers/config/escalation_config.cc', 'notifiers/config/paging_config.cc',
           'notifiers/config/people_config.cc', 'notifiers/config/sla_config.cc', 'notifiers/config/week_window.cc',
           'notifiers/around/dependency.cc', 'notifiers/around/heartbeat.cc', 'notifiers/around/maintenance.cc',
           'notifiers/oncall/schedule_config.cc', 'notifiers/oncall/restriction.cc', 'notifiers/desk/answer_config.cc']
DOCS = ['configuration', 'incidents', 'escalation', 'oncall', 'sla', 'around', 'answering']
READ = re.compile(r'(?:\.|->)(?:String|Bool|Int|Double|Duration|GoDuration|Size|StringList|StringMap|Child)\(\s*"(\w+)"')


def code_of(text):
    """What stands in back quotes or in a block of code."""
    blocks = re.findall(r'```.*?```', text, re.S)
    return '\n'.join(blocks + re.findall(r'`[^`\n]+`', re.sub(r'```.*?```', '', text, flags=re.S)))


class ConfigKeys(harness.EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.keys = {name: set(READ.findall((harness.ROOT / name).read_text())) for name in READERS}
        cls.docs = {name: (harness.ROOT / f'docs/{name}.md').read_text() for name in DOCS}

    def section(self):
        return self.docs['configuration'].split('\n## incidents.yml\n')[1].split('\n## ')[0]

    def test_what_is_read_is_documented(self):
        words = set(re.findall(r'\w+', code_of('\n'.join(self.docs.values()))))
        top = set(re.findall(r'\w+', code_of(self.section())))
        for name, keys in self.keys.items():
            self.assertEqual(sorted(keys - words), [], f'{name} reads what no page names')
        self.assertEqual(sorted(self.keys[READERS[0]] - top), [], 'not in docs/configuration.md')

    def test_what_is_documented_is_read(self):
        # Some are read in other ways, so any text of a reader will do.
        known = set(re.findall(r'"(\w+)"', '\n'.join((harness.ROOT / name).read_text() for name in READERS)))
        for line in self.section().splitlines():
            if not line.startswith('| `'):
                continue
            for path in re.findall(r'`([^`]+)`', line.split('|')[1]):
                key = re.sub(r'\[\]', '', path).rstrip('.').split('.')[-1]
                if not key.startswith('<'):
                    self.assertIn(key, known, line)

    def test_the_example_is_accepted(self):
        self.cli('check', 'incidents', str(harness.ROOT / 'examples/incidents.yml'))


if __name__ == '__main__':
    unittest.main()
