using MudBlazor;

namespace Ops.Dashboard.Layout;

/// <summary>MudBlazor's colours and type, set to those of app.css, so that its dialogs look as if they were ours.</summary>
internal static class Theme
{
    private static readonly string[] Family = ["Inter", "system-ui", "sans-serif"];

    /// <summary>The theme.</summary>
    public static MudTheme Ops { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = "#1d5fc4", Background = "#f5f6f8", Surface = "#ffffff", TextPrimary = "#17202b", TextSecondary = "#546171",
            Success = "#1b7a4d", Warning = "#8f5b00", Error = "#b3261e", Info = "#1d5fc4", Divider = "#dde2e8", LinesDefault = "#dde2e8",
        },
        PaletteDark = new PaletteDark
        {
            Primary = "#7db0ff", Background = "#0e1318", Surface = "#161d24", TextPrimary = "#dfe6ed", TextSecondary = "#94a3b3",
            Success = "#4cc38a", Warning = "#e0a63e", Error = "#ff8a80", Info = "#7db0ff", Divider = "#27313b", LinesDefault = "#27313b",
        },
        Typography = new()
        {
            Default = new DefaultTypography { FontFamily = Family, FontSize = "13px", LineHeight = "1.45", LetterSpacing = "normal" },
            H6 = new H6Typography { FontFamily = Family, FontSize = "15px", FontWeight = "600", LetterSpacing = "normal" },
            Body1 = new Body1Typography { FontFamily = Family, FontSize = "13px", LetterSpacing = "normal" },
            Button = new ButtonTypography { FontFamily = Family, FontSize = "13px", TextTransform = "none", LetterSpacing = "normal" },
        },
        LayoutProperties = new() { DefaultBorderRadius = "6px" },
    };
}
