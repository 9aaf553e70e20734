using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ops.Cli.Terminal;

/// <summary>
/// Everything that is printed. On a terminal: colours and live lines. Into a file or a pipe: plain lines, no escape codes,
/// nothing that is overwritten.
/// </summary>
internal sealed class Screen
{
    // Tables in a file need a width of their own: a pipe has none. 110 columns fit every table here.
    private const int PlainWidth = 110;

    private readonly IAnsiConsole console;
    private readonly TextWriter output;
    private readonly TextWriter errors;
    private readonly Lock gate = new();
    private bool transient;

    public Screen(TextWriter output, TextWriter errors, bool live)
    {
        this.output = output;
        this.errors = errors;
        Live = live;
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = live ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = live ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = live ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        if (!live)
            console.Profile.Width = PlainWidth;
    }

    /// <summary>Whether a person watches: a line may be overwritten.</summary>
    public bool Live { get; }

    /// <summary>The screen of this process.</summary>
    public static Screen ForProcess() => new(
        Console.Out,
        Console.Error,
        live: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or ""));

    /// <summary>One line, printed as it is: never wrapped, so that it can be pasted.</summary>
    public void Line(string text = "")
    {
        lock (gate)
        {
            ClearTransient();
            output.WriteLine(text);
            output.Flush();
        }
    }

    /// <summary>A line that the next output overwrites. Nothing where nobody watches.</summary>
    public void Transient(string text)
    {
        if (!Live)
            return;
        lock (gate)
        {
            // Cut to the width: a wrapped line could not be taken back.
            var width = Math.Max(20, console.Profile.Width - 1);
            output.Write("\r\u001b[2K" + (text.Length > width ? text[..width] : text));
            output.Flush();
            transient = true;
        }
    }

    /// <summary>A table or another widget.</summary>
    public void Widget(IRenderable widget)
    {
        lock (gate)
        {
            ClearTransient();
            console.Write(widget);
        }
    }

    /// <summary>A line with Spectre's markup; escape what comes from outside.</summary>
    public void Marked(string markup)
    {
        lock (gate)
        {
            ClearTransient();
            console.MarkupLine(markup);
        }
    }

    /// <summary>One sentence on standard error.</summary>
    public void Error(string sentence)
    {
        lock (gate)
        {
            ClearTransient();
            errors.WriteLine("ops: " + sentence);
            errors.Flush();
        }
    }

    private void ClearTransient()
    {
        if (!transient)
            return;
        output.Write("\r\u001b[2K");
        transient = false;
    }
}
