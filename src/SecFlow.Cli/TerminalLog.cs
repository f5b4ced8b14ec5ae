using Microsoft.Extensions.Logging;

namespace SecFlow.Cli;

/// <summary>Errors of the engine as words on stderr; everything else stays unsaid, the outcome says it.</summary>
internal sealed class TerminalLog(Terminal terminal) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            terminal.Error.WriteLine($"engine: {Output.Plain(formatter(state, exception))}{(exception is null ? "" : $" ({exception.GetType().Name}: {Output.Plain(exception.Message)})")}");
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
