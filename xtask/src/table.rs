//! Tables for people: markdown, columns aligned.

use unicode_width::UnicodeWidthStr;

/// A table whose first column is text and whose others are figures.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width());
        cells.chain(head.get(at).map(|cell| cell.width())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            if at == 0 { format!("{cell}{gap}") } else { format!("{gap}{cell}") }
        });
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths.iter().enumerate().map(|(at, width)| {
        let dashes = "-".repeat(width + 1);
        if at == 0 { format!("{dashes}-") } else { format!("{dashes}:") }
    });
    let mut text = line(head);
    text += &format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
    for row in rows {
        text += &line(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up_whatever_the_alphabet() {
        let rows = [vec!["a".into(), "€ 1".into()], vec!["long".into(), "10".into()]];
        let text = table(&["name", "loss"], &rows);
        assert_eq!(text, "| name | loss |\n|------|-----:|\n| a    |  € 1 |\n| long |   10 |\n");
    }
}
