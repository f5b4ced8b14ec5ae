/** What a finding of one kind says, wherever it is found. */
interface Rule {
  title: string;
  severity: SecFlow.Severity;
  cwe: number[];
  owasp: string;
  description: string;
  remediation: string;
}
