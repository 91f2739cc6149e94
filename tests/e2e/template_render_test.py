#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`outrider template render` beside Debian's `amtool template render`: the same flags, files and data must give the same
text, byte for byte, or the same error."""
import json
import subprocess
import unittest

import harness

DATA = {
    'receiver': r'team\.a', 'status': 'firing', 'externalURL': 'http://am.example:9093/x',
    'groupLabels': {'alertname': 'Disk <full>'},
    'commonLabels': {'alertname': 'Disk <full>', 'job': 'node', 'severity': 'critical'},
    'commonAnnotations': {'runbook': 'http://r/?a=1&b=2'},
    'alerts': [
        {'status': 'firing', 'labels': {'alertname': 'Disk <full>', 'job': 'node', 'severity': 'critical', 'instance': 'a'},
         'annotations': {'summary': 'é "quoted" & more', 'runbook': 'http://r/?a=1&b=2'},
         'startsAt': '2026-11-21T08:00:00.123456789+01:00', 'endsAt': '0001-01-01T00:00:00Z',
         'generatorURL': 'http://p/g?a=1&b=2', 'fingerprint': '980a6a0e0facf311'},
        {'status': 'resolved', 'labels': {'alertname': 'Disk <full>', 'job': 'node', 'severity': 'critical', 'instance': 'b'},
         'annotations': {'runbook': 'http://r/?a=1&b=2'}, 'startsAt': '2026-11-21T07:00:00Z',
         'endsAt': '2026-11-21T07:30:00Z', 'generatorURL': '', 'fingerprint': '0000000000000001'},
    ],
}
FILES = {
    'one.tmpl': '''{{ define "mine" }}[{{ .Status | toUpper }}]{{ range .Alerts.Firing }} {{ .Labels.instance }}{{ end }}{{ end }}
{{- define "slack.default.title" }}own title {{ template "mine" . }}{{ end }}''',
    'sub/two.tmpl': '{{ define "list" }}{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}{{ end }}',
}
# Debian's amtool has no built-in templates: they are files of the package.
DEFAULTS = ['--template.glob=/usr/share/prometheus/alertmanager/*.tmpl']
# (text, types)
SAME = [
    ('plain', 'text html'),
    ('{{ template "mine" . }}', 'text html'),
    ('{{ range .Alerts }}{{ template "list" . }}|{{ end }}', 'text html'),
    ('{{ template "slack.default.title" . }}', 'text html'),
    ('{{ template "slack.default.fallback" . }}', 'text'),
    ('{{ template "slack.default.username" . }} {{ template "slack.default.titlelink" . }}', 'text'),
    ('{{ template "email.default.subject" . }}', 'text'),
    ('{{ template "__subject" . }}', 'text html'),
    ('{{ template "__alertmanagerURL" . }}', 'text'),
    ('{{ template "__text_alert_list" .Alerts }}', 'text'),
    ('{{ .Receiver }} {{ .ExternalURL }} {{ len .Alerts.Resolved }} {{ .CommonLabels.SortedPairs.Values | join "," }}', 'text html'),
    ('{{ (index .Alerts 0).StartsAt }} {{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt }}', 'text'),
    ('{{ (index .Alerts 0).StartsAt.Format "2006-01-02 15:04:05.000 MST" }} {{ (index .Alerts 0).StartsAt.Unix }}', 'text'),
    ('{{ range .CommonAnnotations.SortedPairs }}<a href="{{ .Value }}">{{ .Name }}</a>{{ end }}', 'text html'),
    ('{{ (index .Alerts 0).Annotations.summary }}<p title="{{ (index .Alerts 0).Annotations.summary }}">', 'text html'),
    ('{{ range (.CommonLabels.Remove .GroupLabels.Names).SortedPairs }}{{ .Name }} {{ end }}{{ .CommonLabels.missing }}', 'text'),
    ('{{ reReplaceAll "(\\\\w+)" "<$1>" "a b" }} {{ match "^a" "abc" }} {{ title "hello world" }} {{ safeHtml "<b>" }}', 'text html'),
    ('{{ with .CommonLabels }}{{ .job }}{{ else }}none{{ end }}{{ if eq .Status "firing" }}!{{ end }}', 'text html'),
    ('{{ printf "%05.2f|%q|%-5s|%x" 3.14159 "q" "l" 255 }}', 'text'),
]
FAILS = ['{{ .Nope }}', '{{ template "nope" . }}', '{{ .x', '{{ nope }}', '{{ index .Alerts 7 }}', '{{ .Alerts.Nope }}']


class TemplateRender(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        for name, text in FILES.items():
            self.write(name, text)
        self.write('data.json', json.dumps(DATA))

    def both(self, text, kind):
        flags = ['template', 'render', '--template.glob=*.tmpl', '--template.glob', 'sub/*.tmpl', f'--template.text={text}',
                 f'--template.type={kind}', '--template.data', 'data.json']
        answers = []
        for program in (['amtool', *DEFAULTS], [harness.OUTRIDER]):
            done = subprocess.run([*program[:1], *flags[:2], *program[1:], *flags[2:]], capture_output=True, text=True, cwd=self.directory, timeout=60)
            answers.append((done.returncode, done.stdout, done.stderr))
        return answers

    def test_the_same_texts(self):
        for text, kinds in SAME:
            for kind in kinds.split():
                theirs, ours = self.both(text, kind)
                self.assertEqual(theirs[0], 0, f'{text}: {theirs[2]}')
                self.assertEqual(ours[:2], theirs[:2], f'{kind}: {text}: {ours[2]}')

    def test_the_same_failures(self):
        for text in FAILS:
            theirs, ours = self.both(text, 'text')
            self.assertNotEqual(theirs[0], 0, text)
            self.assertEqual(ours[0], 1, text)
            # From "template:" on the error is Go's own text.
            tail = lambda message: message.strip()[message.strip().index('template:'):]
            self.assertEqual(tail(ours[2]), tail(theirs[2]), text)

    def test_ours(self):
        self.assertIn('[FIRING:1] HighLatency', self.cli('template', 'render', '--template.text', '{{ template "__subject" . }}'))
        self.write('bad.json', '{"alerts": [{"startsAt": "soon"}]}')
        self.assertIn('alerts[0].startsAt must be a time', self.cli(
            'template', 'render', '--template.text', 'x', '--template.data', 'bad.json', expect=1))
        self.write('routes.json', '{"routeLabels": {"team": "storage"}}')
        self.assertEqual('storage storage', self.cli(
            'template', 'render', '--template.data', 'routes.json', '--template.text',
            '{{ routeLabels "team" }} {{ .RouteLabels.team }}'))

    def test_a_bad_text_warns_and_fails_its_notification(self):
        sink = self.webhook_sink()
        self.write('alertmanager.yml', f"""route: {{receiver: r, group_wait: 0s}}
receivers:
- name: r
  slack_configs:
  - api_url: {sink.url}/slack
    title: '{{{{ .x'
  webhook_configs: [{{url: '{sink.url}/hook'}}]
""")
        self.write('outrider.yml', 'alerting: {config_file: alertmanager.yml}')
        said = self.cli('check', 'alertmanager', 'alertmanager.yml')
        self.assertIn('WARNING: alertmanager.yml:6:12: template: :1: unclosed action', said)
        self.assertIn('SUCCESS', said)
        self.write('alertmanager-files.yml', "route: {receiver: r}\nreceivers: [{name: r}]\ntemplates: ['bad/*.tmpl']\n")
        self.write('bad/x.tmpl', 'x\n{{ if }}')
        self.assertIn('bad/x.tmpl', self.cli('check', 'alertmanager', 'alertmanager-files.yml', expect=1))
        daemon = self.start_outrider()
        self.assertIn('unclosed action', daemon.text())
        status, answer = harness.post_json(self.url + '/outrider/v1/receivers/r/test', {})
        outcomes = {result['integration']: result['outcome'] for result in answer['results']}
        self.assertEqual((status, outcomes), (200, {'slack[0]': 'rejected', 'webhook[0]': 'delivered'}))


if __name__ == '__main__':
    unittest.main()
