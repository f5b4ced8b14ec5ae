namespace SecFlow.Execution.Diagnostics;

/// <summary>One problem, said so that a person can act on it.</summary>
/// <param name="Code"><c>SF</c> + four digits, listed in <see cref="Codes"/> and docs/diagnostics.md.</param>
/// <param name="Message">What happened, what was expected, what to do. May leave the process.</param>
public sealed record Diagnostic(string Code, string Message)
{
    /// <summary>Where, for text inputs: 1-based line and column, and path such as <c>nodes[2].retry</c>.</summary>
    public int? Line { get; init; }

    public int? Column { get; init; }

    public string? Path { get; init; }

    /// <summary>Rule that decided, for refusals.</summary>
    public string? Rule { get; init; }

    /// <summary>What would make it pass.</summary>
    public string? Remedy { get; init; }

    public override string ToString() => Line is null ? $"{Code}: {Message}" : $"{Code} ({Line}:{Column}): {Message}";
}

/// <summary>Category of a code, by its first digit (contracts 6).</summary>
public enum DiagnosticCategory
{
    Input = 1,
    Trust = 2,
    Policy = 3,
    Sandbox = 4,
    Tool = 5,
    Plugin = 6,
    Infrastructure = 7,
}

/// <summary>A failure with one or more diagnostics; the only exception type that crosses a subject's border on purpose.</summary>
public sealed class SecFlowException : Exception
{
    public SecFlowException(Diagnostic diagnostic, Exception? inner = null)
        : this([diagnostic], inner)
    {
    }

    public SecFlowException(IReadOnlyList<Diagnostic> diagnostics, Exception? inner = null)
        : base(string.Join(Environment.NewLine, diagnostics), inner) => Diagnostics = diagnostics;

    public SecFlowException(string code, string message, Exception? inner = null)
        : this(new Diagnostic(code, message), inner)
    {
    }

    public IReadOnlyList<Diagnostic> Diagnostics { get; }

    public string Code => Diagnostics[0].Code;

    public DiagnosticCategory Category => Codes.CategoryOf(Code);
}
